import { render, screen } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { ESTIMATED } from '$lib/backend/mock/machine';
import { options } from '$lib/backend/mock/options';
import UnfitModels from './UnfitModels.svelte';
import { problemsOf } from './draft';
import { fits, modelLine, size } from './models';

const all = options(false, true);
const smol = all.models[0]!;
const plain = (text: string | null | undefined) => text?.replace(/\s+/g, ' ').trim();

describe('a model in a menu', () => {
  it('tells its weights, its size and its parts', () => {
    expect(plain(modelLine(smol))).toBe(
      'SmolLM2-135M-Instruct · Q4_1, 5.85 bits per weight · 98 MB',
    );
    const set = { ...smol, parts: 8, chats: false };
    expect(plain(modelLine(set))).toContain('98 MB in 8 parts · base model');
  });
  it('is told by its name and size where nothing is known of its weights', () => {
    const named = { ...smol, name: 'smollm2:135m', weights: '', quantisation: '' };
    expect(plain(modelLine(named))).toBe('smollm2:135m · 98 MB');
  });
  it('has a size also where it is small', () => {
    expect(plain(size(0.0004))).toBe('1 kB');
    expect(plain(size(0.8512))).toBe('852 kB');
  });
  it('says when it finds no room in memory', () => {
    expect(fits(smol, ESTIMATED)).toBe('');
    expect(fits({ ...smol, megabytes: 7000 }, ESTIMATED)).toContain('leaves little');
    expect(fits({ ...smol, megabytes: 9000 }, ESTIMATED)).toContain('does not fit');
  });
  it('has to be chosen where none is meant by itself', () => {
    const open = { ...all.draft, modelPath: '' };
    expect(problemsOf(open, all).modelPath).toBe('Choose a model file.');
  });
});

describe('files that are no model', () => {
  it('are folded away with their reason', () => {
    render(UnfitModels, { files: all.unfitModels });
    const folded = screen.getByTestId('unfit-models');
    expect(folded.hasAttribute('open')).toBe(false);
    expect(plain(folded.textContent)).toContain('1 file here is no model to run');
    expect(folded.textContent).toContain('vision part of another model');
  });
  it('are not spoken of where there are none', () => {
    render(UnfitModels, { files: [] });
    expect(screen.queryByTestId('unfit-models')).toBeNull();
  });
});
