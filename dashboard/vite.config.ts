import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// The policy of the server allows scripts and styles of its own origin alone: nothing is inlined, no polyfill is injected.
export default defineConfig({
  plugins: [react(), tailwindcss()],
  base: "/",
  // Radix wraps what is modal in react-remove-scroll, which would inject a style element.
  resolve: { alias: { "@": here("."), "react-remove-scroll": here("ui/scroll_lock.tsx") } },
  build: {
    outDir: here("../src/flock/server/static"),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    sourcemap: false,
  },
  // For `npm run dev`, beside a served flock. The host stays: the server wants it to be that of the page's origin.
  server: {
    proxy: {
      "/api": { target: "http://127.0.0.1:8000", changeOrigin: false },
      "/ws": { target: "ws://127.0.0.1:8000", ws: true },
    },
  },
});
