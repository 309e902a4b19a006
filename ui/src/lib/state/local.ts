// Choices of how the window looks that stay on this machine; nothing of a record is kept here.

/** Reads a kept value; `fallback` where there is none or no storage. */
export function kept<T>(key: string, fallback: T): T {
  try {
    const text = localStorage.getItem(`wattsmith-${key}`);
    return text === null ? fallback : (JSON.parse(text) as T);
  } catch {
    return fallback;
  }
}

/** Keeps a value; without storage it lasts as long as the window. */
export function keep(key: string, value: unknown): void {
  try {
    localStorage.setItem(`wattsmith-${key}`, JSON.stringify(value));
  } catch {
    // Nothing else hangs on it.
  }
}
