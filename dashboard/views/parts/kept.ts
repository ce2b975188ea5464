/** What this browser keeps for the page. Where it may keep nothing, it lasts as long as the page. */

const instead = new Map<string, string>();

export function kept(key: string): string | null {
  try {
    return instead.get(key) ?? localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
    instead.delete(key);
  } catch {
    instead.set(key, value);
  }
}
