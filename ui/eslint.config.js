import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

export default ts.config(
  {
    ignores: ['dist/', 'test-results/', 'playwright-report/', 'src/lib/backend/bindings.ts'],
  },
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser } } },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: {
      parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig },
    },
  },
  {
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      'max-lines': ['error', { max: 300 }],
      // One door to the core: everything else speaks to lib/backend.
      'no-restricted-imports': ['error', { patterns: ['@tauri-apps/*'] }],
    },
  },
  {
    files: [
      'src/lib/backend/tauri.ts',
      'src/lib/backend/bindings.ts',
      'src/lib/backend/gateway.test.ts',
    ],
    rules: { 'no-restricted-imports': 'off' },
  },
  { files: ['e2e/**', '*.ts', '*.js'], languageOptions: { globals: { ...globals.node } } },
);
