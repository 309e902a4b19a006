import { describe, expect, it } from 'vitest';
import type { SessionSummary } from '$lib/backend';
import { matching } from './find';

const session = (id: string, name: string, engine: string, outcome: string) =>
  ({ id, name, engine, outcome, ending: null }) as unknown as SessionSummary;

describe('finding a session', () => {
  const all = [
    session('a', 'SmolLM2 · chat', 'llama-server', '−18 % energy'),
    session('b', 'Qwen · Übersetzung', 'vllm', 'not decided'),
  ];

  it('needs every word, in any order and case', () => {
    const ids = (wanted: string) => matching(all, wanted).map((one) => one.id);
    expect(ids('')).toEqual(['a', 'b']);
    expect(ids('  CHAT smol ')).toEqual(['a']);
    expect(ids('übersetzung')).toEqual(['b']);
    expect(ids('decided vllm')).toEqual(['b']);
    expect(ids('chat vllm')).toEqual([]);
  });
});
