// The core's twin for a plain browser: a lively simulation, with scenes for tests and screenshots.
// `?scenario=` chooses where it begins, `?pace=` stretches (2) or shrinks (0.05) all waits.

import { BackendError, backendError } from '../error';
import type { Backend, LiveEvent } from '../index';
import { lastConfig, offer, pasted, promptValues, proposal, templateOf } from './advisor';
import { settle } from './busy';
import { confirm } from './confirm';
import { desk } from './desk';
import { diagnosis } from './doctor';
import { Downloads } from './downloads';
import { apply, DEFAULTS, diff } from './engine';
import { withEngine } from './engines';
import { isRemote, WITH_PLUG } from './machine';
import { options } from './options';
import { handover } from './handover';
import { Meters } from './meters';
import { more } from './more';
import { Noise } from './noise';
import { Readers } from './readers';
import { Jobs } from './run';
import { summary } from './outcome';
import { overview } from './overview';
import { files, page } from './report';
import { keep, trials, view, type Kept } from './session';
import { brought, example, scene } from './scenarios';
import { settings } from './settings';
import { Studies } from './study';
import { say, takeBack } from './talk';
import { BUILT_IN, render, templateViews } from './templates';
import { powerOf } from './trial';
import { undoEach } from './undoing';
import { previewWork } from './work';

export function mockBackend(query: URLSearchParams): Backend {
  const start = scene(query.get('scenario') ?? '', Number(query.get('pace') ?? 1));
  const sessions = new Map(start.sessions.map((s) => [s.id, s]));
  const templates: Record<string, string> = { ...BUILT_IN };
  const listeners: ((event: LiveEvent) => void)[] = [];
  const tellAll = (event: LiveEvent) => listeners.forEach((tell) => tell(structuredClone(event)));
  const jobs = new Jobs(tellAll, () => templates, start.pace);
  let created = 0;
  const find = (id: string): Kept => {
    const s = sessions.get(id);
    if (!s) throw new BackendError('not-found', 'This session does not exist any more.');
    return s;
  };
  /** Runs a change on a session and tells the listeners. */
  const change = async (id: string, what: (s: Kept) => void): Promise<void> => {
    const s = find(id);
    try {
      what(s);
    } catch (cause) {
      throw backendError(cause);
    }
    jobs.changed(s);
  };
  const job = (id: string, what: (s: Kept) => Promise<void>) =>
    change(id, (s) => jobs.start(s, what));
  const preview = (s: Kept, template: string, text: string) => {
    try {
      const filled = render(text, promptValues(s));
      return { template, text: filled, tokensAbout: Math.round(filled.length / 4) };
    } catch (cause) {
      throw backendError(cause);
    }
  };
  const newest = () =>
    [...sessions.values()].sort((a, b) => b.createdAt.localeCompare(a.createdAt));

  const studies = new Studies(
    query.get('scenario') !== 'no-landscape',
    start.pace,
    start.advisorModels,
    tellAll,
  );
  const downloads = new Downloads(start.pace, tellAll);
  const noise = new Noise(start.machine, start.pace, tellAll);
  const readers = new Readers(start.machine);
  const meters = new Meters(start.machine === WITH_PLUG, start.pace);
  const examine = async () => {
    await new Promise((done) => setTimeout(done, 900 * start.pace));
    return diagnosis(start.machine);
  };

  if (start.startRunning) {
    const again = query.get('scenario') === 'again';
    const s = start.sessions[0];
    if (s)
      jobs.start(s, (one) =>
        jobs.measure(
          one,
          { ...DEFAULTS, parallel: '8', ubatch: '256', poll: '0' },
          'Qwen 1.5B, from a list of 5',
          0.235,
          again ? '2nd try: other programs used 71 % of the CPU' : '',
        ),
      );
  }

  return {
    machine: async () => start.machine,
    firstLook: async () => ({
      machine: start.machine,
      watts: start.machine.measured ? 61 + Math.random() * 3 : null,
    }),
    diagnose: examine,
    lookAgain: examine,
    outsideMeters: async () => meters.list(),
    putOutsideMeter: async (meter, replaces) => meters.put(structuredClone(meter), replaces),
    removeOutsideMeter: async (name) => meters.remove(name),
    tryOutsideMeter: (meter) => meters.read(meter),
    readers: async () => readers.list(),
    chooseReader: async (device, reader) => readers.choose(device, reader),
    newSessionOptions: async (engine) =>
      downloads.beside(withEngine(engine, options(start.machine.measured, start.advisorModels))),
    createSession: async (draft) => {
      if (!/^\s*\d+(\.\d+)?\s*(%|[jJ])\s*$/.test(draft.threshold))
        throw new BackendError(
          'other',
          `“${draft.threshold}” is no threshold; write 10% (below the default) or 0.25J (per token).`,
        );
      const s = keep(
        `s-new-${++created}`,
        structuredClone(draft),
        start.machine,
        new Date().toISOString(),
      );
      sessions.set(s.id, s);
      return s.id;
    },
    previewWork: async (path) => previewWork(path),
    likelyCost: async (draft) => {
      const like = newest().find((s) => !s.example && trials(s).length > 1);
      const all = draft.budget + 1;
      return like
        ? `about ${all * draft.repeats} min and ${(all * draft.repeats * 0.42).toFixed(1)} Wh for the default and ${draft.budget} trials, as “${like.name}” took`
        : '';
    },
    exampleSession: async () => {
      const s = example(start.machine);
      sessions.set(s.id, sessions.get(s.id) ?? s);
      return s.id;
    },
    sessions: async () => newest().map(summary),
    session: async (id) => view(find(id)),
    setNote: (id, note) => change(id, (s) => void (s.note = note)),
    renameSession: (id, name) => change(id, (s) => void (s.name = name)),
    deleteSession: (id) => change(id, () => void sessions.delete(id)),
    forgetMemory: (id) => change(id, (s) => void (s.memory = [])),
    clearMemory: async () => undefined,
    follow: async (listener) => void listeners.push(listener),
    measureDefault: (id) =>
      find(id).busy
        ? change(id, (s) => {
            s.busy = false;
            s.load = 'other programs used 43 % of the CPU';
          })
        : job(id, (s) => jobs.measure(s, DEFAULTS, 'default', null)),
    checkDefault: async () => undefined,
    answerBusy: (id, wait) => job(id, (s) => settle(jobs, s, wait)),
    ask: async (id) => {
      const next = view(find(id)).next;
      if (next.step === 'consent')
        throw new BackendError('consent-needed', `Prompts would go to ${next.provider}.`);
      return job(id, (s) => jobs.ask(s));
    },
    say: async (id, text) => {
      const s = find(id);
      if (!s.consent)
        throw new BackendError(
          'consent-needed',
          `The question would go to ${s.draft.connection.baseUrl}.`,
        );
      return change(id, (one) => say(jobs, one, text));
    },
    takeBack: (id, exchangeId) => change(id, (s) => takeBack(s, exchangeId)),
    runProposal: (id, proposalId) => job(id, (s) => jobs.take(s, proposalId)),
    moreRepeats: (id, trialId) => job(id, (s) => more(jobs, s, trialId)),
    confirm: (id) => job(id, (s) => confirm(jobs, s)),
    undoEach: (id, minutes) => job(id, (s) => undoEach(jobs, s, minutes)),
    numericProposal: (id) =>
      change(id, (s) => {
        s.stuck = null;
        void jobs.numeric(s);
      }),
    giveReply: (id, exchangeId, reply) =>
      change(id, (s) => {
        const item = s.story.find((i) => i.item === 'exchange' && i.id === exchangeId);
        if (item?.item !== 'exchange')
          throw new BackendError('not-found', 'This prompt does not wait for a reply any more.');
        if (item.question) {
          Object.assign(item, { reply, answer: reply, outcome: 'answered' });
          return;
        }
        pasted(s, item, reply);
      }),
    editProposal: (id, proposalId, settings) =>
      change(id, (s) => {
        const item = proposal(s, proposalId);
        const config = apply(s.configs.get(proposalId) ?? DEFAULTS, settings);
        s.configs.set(proposalId, config);
        const why = Object.fromEntries(
          item.knobs.filter((k) => k.changed).map((k) => [k.name, k.sentence]),
        );
        Object.assign(item, {
          knobs: diff(lastConfig(s), config, why, s.draft.tuned),
          edited: true,
        });
      }),
    dismissProposal: (id, proposalId) =>
      change(id, (s) => void (proposal(s, proposalId).status = 'dismissed')),
    proposeByHand: (id, settings) =>
      change(id, (s) => {
        const config = apply(lastConfig(s), settings);
        s.stuck = null;
        s.story = s.story.filter((i) => !(i.item === 'exchange' && i.outcome === 'waiting'));
        offer(s, config, 'you', '', {}, false);
      }),
    saveFeedback: (id, trialId, text) =>
      change(id, (s) => {
        const item = s.story.find((i) => i.item === 'feedback' && i.trialId === trialId);
        if (item?.item === 'feedback') item.edit = text === item.draft ? null : text;
      }),
    agree: (id) => change(id, (s) => void (s.consent = true)),
    autopilot: (id, on) =>
      change(id, (s) => {
        const busy = s.phase.kind !== 'idle';
        if (on) Object.assign(s, { autopilot: true, pausing: false });
        else Object.assign(s, { autopilot: busy, pausing: busy });
        if (on && !busy) jobs.goOn(s);
      }),
    cancel: (id) => change(id, (s) => jobs.cancel(s)),
    setByHand: async () => {},
    stop: (id) =>
      change(id, (s) => {
        jobs.cancel(s);
        s.ending = 'stopped';
      }),
    resume: (id) =>
      change(id, (s) => {
        s.ending = null;
        s.draft.budget = Math.max(s.draft.budget, trials(s).length + 4);
      }),
    promptPreview: async (id) => {
      const s = find(id);
      return preview(s, templateOf(s), templates[templateOf(s)] ?? '');
    },
    templates: async () => templateViews(templates),
    saveTemplate: async (name, text) => {
      const any = newest()[0];
      if (any) preview(any, name, text);
      templates[name] = text;
      return oneTemplate(name);
    },
    restoreTemplate: async (name) => {
      templates[name] = BUILT_IN[name] ?? '';
      return oneTemplate(name);
    },
    previewTemplate: async (id, name, text) => preview(find(id), name, text),
    setApiKey: async () => ({
      inKeyring: false,
      note: 'No keyring answers here, so the key is kept until Wattsmith is closed.',
    }),
    testConnection: async ({ baseUrl, model }) => {
      if (baseUrl && !/^https?:\/\/\S+$/.test(baseUrl))
        throw new BackendError('other', `“${baseUrl}” is no address. Write it as https://host/v1.`);
      return `${model} answered in 0.8 s.`;
    },
    providerModels: async () => ['large-1', 'small-1'],
    changeConnection: (id, connection) =>
      change(id, (s) => {
        const { kind, baseUrl } = s.draft.connection;
        const same = kind === connection.kind && baseUrl === connection.baseUrl;
        s.consent = !isRemote(connection.kind) || (s.consent && same);
        s.draft.connection = structuredClone(connection);
        s.stuck = null;
        for (const item of s.story)
          if (item.item === 'exchange' && item.outcome === 'waiting') item.outcome = 'cancelled';
      }),
    overview: async () => overview(newest()),
    reportPage: async (id, withPaths) => page(find(id), withPaths),
    exportReport: async (id, format, out) => files(find(id), format, out),
    ...desk(),
    ...handover(sessions, find, () => brought(start.machine)),
    ...downloads.calls(),
    ...settings(query.get('scenario') === 'bad-settings'),
    ...noise.calls(),
    ...studies.calls(),
    picturePairs: async () => [],
    powerSeries: async (trialId) => powerOf(newest(), trialId),
  };

  function oneTemplate(name: string) {
    const found = templateViews(templates).find((one) => one.name === name);
    if (!found) throw new BackendError('not-found', `There is no template called ${name}.`);
    return found;
  }
}
