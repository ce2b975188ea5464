/** Figures as short as they can be read. */

/** Give a span of time: `0.42 s`, `12.3 s`, `4:05`, `2:03:09`. */
export function seconds(value: number): string {
  const span = Math.max(0, value);
  if (span < 9.995) return `${span.toFixed(span < 0.995 ? 2 : 1)} s`;
  if (span < 59.95) return `${span.toFixed(1)} s`;
  const whole = Math.floor(span);
  const two = (part: number) => String(part).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** Give tokens per second: one decimal while there are few. */
export function rate(value: number): string {
  return value > 0 && value < 9.95 ? value.toFixed(1) : String(Math.round(value));
}

export function count(value: number): string {
  return value.toLocaleString("en-GB");
}

/** Give a number of things: `1 run`, `1,200 runs`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
