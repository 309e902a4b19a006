// Times and dates as people read them, independent of the locale.

import { figure, fixed, THIN } from './number';

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const two = (value: number) => String(value).padStart(2, '0');

/** Seconds of a clock: 0:14, 12:05, 1:02:33. Never negative. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** A length of time in words and units: 210 ms, 0.21 s would be 210 ms; 14.2 s; 3 min 05 s. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  if (seconds < 0.1) return `${fixed(seconds * 1000, 0)}${THIN}ms`;
  if (seconds < 100) return `${figure(seconds)}${THIN}s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  if (minutes < 60) return `${minutes}${THIN}min ${two(Math.round(seconds) % 60)}${THIN}s`;
  return `${Math.floor(minutes / 60)}${THIN}h ${two(minutes % 60)}${THIN}min`;
}

/** A time stamp as a short date: "today 17:06", "yesterday", "19 Nov", "3 Jan 2025". */
export function day(rfc3339: string, now = new Date()): string {
  const then = new Date(rfc3339);
  if (Number.isNaN(then.getTime())) return '';
  const midnight = (date: Date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());
  const days = Math.round((midnight(now).getTime() - midnight(then).getTime()) / 86_400_000);
  if (days === 0) return `today ${two(then.getHours())}:${two(then.getMinutes())}`;
  if (days === 1) return 'yesterday';
  const short = `${then.getDate()}${THIN}${MONTHS[then.getMonth()]}`;
  return then.getFullYear() === now.getFullYear() ? short : `${short} ${then.getFullYear()}`;
}
