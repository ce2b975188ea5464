import { useEffect } from "react";
import { type Store, useFlock, useStore } from "@/store";
import { api } from "@/transport/api";

const loaded = new WeakMap<Store, string>();

/** Load what was measured before the page was there, once for each epoch. */
export function useHistory(): void {
  const store = useStore();
  const epoch = useFlock((state) => state.epoch);
  useEffect(() => {
    if (epoch === null || loaded.get(store) === epoch) return;
    loaded.set(store, epoch);
    api.metrics().then(
      ({ items }) => store.takeHistory(items),
      () => loaded.delete(store),
    );
  }, [store, epoch]);
}
