// The views that cross between the window and the core, as the Rust side declares them.
/**  The best settings so far. */
export type BestView = {
  /**  Trial. */
  trialId: string;
  /**  Number. */
  number: number;
  /**  Settings against the default. */
  knobs: KnobView[];
  /**  Ready command line. */
  commandLine: string;
  /**  Verdict. */
  verdict: VerdictView;
  /**  Whether fresh repeats have confirmed it. */
  confirmed: boolean;
};

/**  Fresh repeats after a first crossing. */
export type ConfirmationItem = {
  /**  Identity. */
  id: string;
  /**  Number of the trial that crossed. */
  trialNumber: number;
  /**  Pairs measured. */
  pairs: number;
  /**  Pairs planned for now. */
  pairsPlanned: number;
  /**  Decided? */
  decided: boolean;
  /**  Below the threshold for certain? */
  below: boolean;
  /**  In words. */
  text: string;
  /**  Ratio to the default, from these repeats alone. */
  ratio: IntervalView | null;
};

/**  How the chat LLM is reached. */
export type ConnectionDraft = {
  /**  `local`, `openai`, `paste` or `none`. */
  kind: string;
  /**  Model file (local) or model name (openai). */
  model: string;
  /**  Server (openai). */
  baseUrl: string;
};

/**  Only where the screen acts on it; everything else is `other` with a text. */
export type ErrorCode =
  /**  Another job runs in this session, or another Wattsmith is measuring. */
  | 'busy'
  /**  The person has not yet agreed that prompts go to this provider. */
  | 'consent-needed'
  /**  The session, trial or proposal does not exist. */
  | 'not-found'
  /**  Read the text. */
  | 'other';

/**  A prompt and its reply. */
export type ExchangeItem = {
  /**  Identity. */
  id: string;
  /**  Template. */
  template: string;
  /**  Connection in words. */
  connection: string;
  /**  Prompt as sent. */
  prompt: string;
  /**  Reply as it came (Markdown; sanitise after rendering). */
  reply: string;
  /**  How it ended. */
  outcome: ExchangeKind;
  /**  Why refused or failed. */
  note: string;
  /**  Tokens of the prompt. */
  promptTokens: number | null;
  /**  Tokens of the reply. */
  replyTokens: number | null;
  /**  Seconds. */
  durationS: number;
  /**  Joules it cost on this machine. */
  joules: number | null;
};

/**  How an exchange ended. */
export type ExchangeKind =
  /**  The reply is awaited. */
  | 'waiting'
  /**  Gave a proposal. */
  | 'accepted'
  /**  A reply without a usable proposal. */
  | 'refused'
  /**  No reply. */
  | 'failed';

/**  What the next prompt will say about a trial. */
export type FeedbackItem = {
  /**  Trial. */
  trialId: string;
  /**  Trial number. */
  trialNumber: number;
  /**  Drafted. */
  draft: string;
  /**  The person's text. */
  edit: string | null;
  /**  Already part of a prompt. */
  sent: boolean;
};

/**  What a first start shows within 5 s. */
export type FirstLook = {
  /**  The machine. */
  machine: MachineView;
  /**  Watts now, when a sensor answers. */
  watts: number | null;
};

/**  Share of a knob in what was seen. */
export type ImportanceView = {
  /**  Parameter. */
  name: string;
  /**  0 to 1; none inside the noise. */
  share: number | null;
};

/**  A mean with its 95 % interval. */
export type IntervalView = {
  /**  Geometric mean. */
  mean: number;
  /**  Lower end. */
  low: number;
  /**  Upper end. */
  high: number;
  /**  Repeats. */
  n: number;
};

/**  Where a key was put. */
export type KeyStored = {
  /**  Whether the OS keyring holds it. */
  inKeyring: boolean;
  /**  What to know about it. */
  note: string;
};

/**  One knob in a diff. */
export type KnobView = {
  /**  Parameter. */
  name: string;
  /**  Value before. */
  from: string;
  /**  Value now. */
  to: string;
  /**  Whether they differ. */
  changed: boolean;
  /**  One sentence: the advisor's reason, else the catalogue's effect. */
  sentence: string;
  /**  What can go wrong. */
  danger: string;
};

/**  Live data, at most 10 a second, 1 a second while a window is open. */
export type LiveEvent =
  /**  The phase or its progress changed. */
  | {
      event: 'phase';
      /**  Session. */
      sessionId: string;
      /**  Phase. */
      phase: PhaseView;
    }
  /**  Power since the last event. */
  | {
      event: 'power';
      /**  Session. */
      sessionId: string;
      /**  Seconds since the trial began. */
      atS: number[];
      /**  Watts. */
      watts: number[];
    }
  /**  More of the LLM's reply. */
  | {
      event: 'reply';
      /**  Session. */
      sessionId: string;
      /**  Text to append. */
      text: string;
    }
  /**  Read the session again. */
  | {
      event: 'changed';
      /**  Session. */
      sessionId: string;
    }
  /**  A job ended with an error. */
  | {
      event: 'failed';
      /**  Session. */
      sessionId: string;
      /**  What, where and what to do. */
      message: string;
    };

/**  The machine. */
export type MachineView = {
  /**  Operating system. */
  os: string;
  /**  Kernel. */
  kernel: string;
  /**  Processor. */
  cpu: string;
  /**  Physical cores. */
  physicalCores: number;
  /**  Logical cores. */
  logicalCores: number;
  /**  Memory, GiB. */
  memoryGib: number;
  /**  GPUs. */
  gpus: string[];
  /**  Kind of virtual machine. */
  virtualMachine: string | null;
  /**  Sensors, found and missing. */
  sensors: SensorView[];
  /**  Whether joules are read from a sensor. */
  measured: boolean;
  /**  Scope of the figures, in words. */
  scope: string;
  /**  Systematic error as a fraction. */
  sensorError: number;
  /**  One sentence for the corner of the window. */
  sentence: string;
};

/**  A model file on this machine. */
export type ModelView = {
  /**  Name. */
  name: string;
  /**  File. */
  path: string;
  /**  Quantisation. */
  quantisation: string;
  /**  Size, megabytes. */
  megabytes: number;
};

/**  What can be chosen for a new session, and a good first choice. */
export type NewSessionOptions = {
  /**  Engine's name and version, or empty. */
  engine: string;
  /**  Why there is no engine; empty when there is one. */
  engineProblem: string;
  /**  Models to tune. */
  models: ModelView[];
  /**  Models that can advise locally. */
  advisorModels: ModelView[];
  /**  Workloads. */
  workloads: WorkloadView[];
  /**  Knobs. */
  parameters: ParameterView[];
  /**  Filled in and ready to start. */
  draft: SessionDraft;
};

/**  What the person can do next. */
export type NextStep =
  /**  Measure the default first. */
  | { step: 'measure-default' }
  /**  Ask the advisor; feedback can be edited until then. */
  | { step: 'ask' }
  /**  Agree that prompts go to this provider. */
  | {
      step: 'consent';
      /**  Host and model. */
      provider: string;
    }
  /**  Carry the prompt to a chat and bring the reply. */
  | {
      step: 'paste';
      /**  The exchange that waits. */
      exchangeId: string;
      /**  The prompt to copy. */
      prompt: string;
    }
  /**  Run, edit or dismiss. */
  | {
      step: 'decide';
      /**  The proposal. */
      proposalId: string;
    }
  /**  The advisor is stuck: ask again, take a numeric proposal, or set knobs by hand. */
  | {
      step: 'stuck';
      /**  Why. */
      reason: string;
    }
  /**  A trial crossed the threshold: measure fresh repeats. */
  | {
      step: 'confirm';
      /**  Trial number. */
      trialNumber: number;
    }
  /**  Something runs. */
  | { step: 'busy' }
  /**  The session has ended; it can be taken up again. */
  | {
      step: 'ended';
      /**  Why. */
      ending: string;
    };

/**  One line of the view across sessions: only sessions that may be compared share it. */
export type OverviewLine = {
  /**  What its sessions have in common. */
  label: string;
  /**  Whether its figures are estimates. */
  estimated: boolean;
  /**  Sessions, oldest first. */
  points: OverviewPoint[];
};

/**  A session on the line. */
export type OverviewPoint = {
  /**  Session. */
  sessionId: string;
  /**  Name. */
  name: string;
  /**  RFC 3339. */
  createdAt: string;
  /**  The default's J/unit. */
  defaultInterval: IntervalView;
  /**  The best's J/unit. */
  bestInterval: IntervalView | null;
  /**  Verdict of the best. */
  verdict: VerdictKind;
};

/**  One knob of the catalogue. */
export type ParameterView = {
  /**  Name. */
  name: string;
  /**  Range in words. */
  range: string;
  /**  Values worth offering in a menu. */
  levels: string[];
  /**  Default. */
  default: string;
  /**  What it does. */
  effect: string;
  /**  What can go wrong; may be empty. */
  danger: string;
  /**  Whether it can change answers. */
  changesOutput: boolean;
};

/**  What the core is doing; each has a name and a clock on the screen. */
export type PhaseKind =
  /**  Nothing. */
  | 'idle'
  /**  Waiting until nothing else measures on this machine. */
  | 'waiting-for-lock'
  /**  The engine loads the model. */
  | 'loading-engine'
  /**  Warm-up requests. */
  | 'warming-up'
  /**  Idle power with the model loaded. */
  | 'measuring-idle'
  /**  A measuring window is open: the screen keeps still. */
  | 'measuring'
  /**  The engine is being stopped. */
  | 'stopping-engine'
  /**  The local advisor's model loads. */
  | 'loading-advisor'
  /**  The chat LLM writes. */
  | 'asking';

/**  What runs now, with a clock. */
export type PhaseView = {
  /**  Kind. */
  kind: PhaseKind;
  /**  Name for the screen, such as "Measuring". */
  label: string;
  /**  Such as "trial 5 · repeat 2 of 3". */
  detail: string;
  /**  Unix time in milliseconds when it began. */
  startedAtMs: number;
  /**  Seconds it is expected to take, where known. */
  expectedS: number | null;
  /**  Part of the work done, 0 to 1, where known. */
  progress: number | null;
};

/**  Power over time of one device. */
export type PowerSeries = {
  /**  Device. */
  device: string;
  /**  Seconds from the first sample. */
  atS: number[];
  /**  Watts. */
  watts: number[];
};

/**  A prompt as it would be sent. */
export type PromptPreview = {
  /**  Template. */
  template: string;
  /**  Text. */
  text: string;
  /**  Rough count: characters ÷ 4. */
  tokensAbout: number;
};

/**  A proposal as a diff. */
export type ProposalItem = {
  /**  Identity. */
  id: string;
  /**  Who made it, in words. */
  advisor: string;
  /**  Why. */
  reason: string;
  /**  Against the last settings measured. */
  knobs: KnobView[];
  /**  J/unit expected by the advisor. */
  predicted: number | null;
  /**  What became of it. */
  status: ProposalKind;
  /**  Whether the person changed it. */
  edited: boolean;
};

/**  What became of a proposal. */
export type ProposalKind =
  /**  Waits for the person. */
  | 'offered'
  /**  Was run. */
  | 'taken'
  /**  Was taken back. */
  | 'dismissed';

/**  One measured window. */
export type RepeatView = {
  /**  From 1. */
  index: number;
  /**  J/unit. */
  joulesPerUnit: number;
  /**  Window, seconds. */
  windowS: number;
  /**  Output tokens per second. */
  tokensPerSecond: number;
  /**  Warnings. */
  warnings: string[];
};

/**  Formats of an exported report. */
export type ReportFormat =
  /**  Self-contained page. */
  | 'html'
  /**  One row per repeat. */
  | 'csv'
  /**  Everything. */
  | 'json'
  /**  Short, for notes and issues. */
  | 'markdown';

/**  One sensor, found or missing. */
export type SensorView = {
  /**  Name. */
  name: string;
  /**  Device. */
  device: string;
  /**  What it covers, in words. */
  scope: string;
  /**  Whether it answers. */
  available: boolean;
  /**  Update period in milliseconds, where seen. */
  periodMs: number | null;
  /**  Why it does not answer. */
  reason: string;
  /**  What to do; may hold a command to copy. */
  remedy: string;
};

/**  What the person chose for a new session. */
export type SessionDraft = {
  /**  Name; empty: made from model and workload. */
  name: string;
  /**  Model file. */
  modelPath: string;
  /**  Workload name. */
  workload: string;
  /**  `enhanced`, `baseline` or `sobol`. */
  advisor: string;
  /**  Chat LLM. */
  connection: ConnectionDraft;
  /**  `10%` or `0.25J`. */
  threshold: string;
  /**  Least tokens per second. */
  minTokensPerSecond: number | null;
  /**  Greatest time to first token (95th percentile), seconds. */
  maxTimeToFirstTokenS: number | null;
  /**  Lock settings that can change answers. */
  qualityLock: boolean;
  /**  Parameters to tune, by name. */
  tuned: string[];
  /**  Trials after the default. */
  budget: number;
  /**  Windows per trial. */
  repeats: number;
  /**  Shorter windows. */
  quick: boolean;
};

/**  A line in the list of sessions. */
export type SessionSummary = {
  /**  Identity. */
  id: string;
  /**  Name. */
  name: string;
  /**  Engine. */
  engine: string;
  /**  RFC 3339. */
  createdAt: string;
  /**  Whether a job runs in it now. */
  running: boolean;
  /**  In a word or two: "−18.6 %", "not decided", "new". */
  outcome: string;
  /**  What kind of outcome. */
  verdict: VerdictKind;
  /**  Whether its figures are estimates. */
  estimated: boolean;
  /**  Why it ended, if it has. */
  ending: string | null;
};

/**  A session as the screen shows it. */
export type SessionView = {
  /**  Identity. */
  id: string;
  /**  Name. */
  name: string;
  /**  RFC 3339. */
  createdAt: string;
  /**  Facts for the header. */
  chips: string[];
  /**  Unit of work: "token" or "image". */
  unit: string;
  /**  Scope in words. */
  scope: string;
  /**  Whether figures are estimates. */
  estimated: boolean;
  /**  Systematic error as a fraction. */
  sensorError: number;
  /**  Short windows. */
  quick: boolean;
  /**  Goal in words. */
  goal: string;
  /**  Goal in J/unit, once known. */
  goalJoules: number | null;
  /**  The default's figure. */
  defaultInterval: IntervalView | null;
  /**  Advisor's word. */
  advisor: string;
  /**  Connection in words. */
  connection: string;
  /**  Trials used after the default. */
  trialsUsed: number;
  /**  Trials allowed after the default. */
  budget: number;
  /**  The conversation, oldest first. */
  story: StoryItem[];
  /**  For the charts. */
  trend: TrendPoint[];
  /**  For the chart. */
  importance: ImportanceView[];
  /**  Knobs of this session, to edit a proposal by. */
  parameters: ParameterView[];
  /**  Best settings so far against the default. */
  best: BestView | null;
  /**  What runs now. */
  phase: PhaseView;
  /**  Whether it goes on by itself. */
  autopilot: boolean;
  /**  Whether autopilot pauses after the current step. */
  pausing: boolean;
  /**  What the person can do next. */
  next: NextStep;
  /**  Joules that the search has cost. */
  energySpentJ: number;
  /**  Units of work after which the search has paid for itself; none until that is certain. */
  paysBackAfterUnits: number | null;
};

/**  One entry of the conversation. */
export type StoryItem =
  /**  Prompt and reply. */
  | ({
      item: 'exchange';
    } & ExchangeItem)
  /**  Proposal. */
  | ({
      item: 'proposal';
    } & ProposalItem)
  /**  Trial. */
  | ({
      item: 'trial';
    } & TrialItem)
  /**  Confirmation. */
  | ({
      item: 'confirmation';
    } & ConfirmationItem)
  /**  Feedback. */
  | ({
      item: 'feedback';
    } & FeedbackItem);

/**  A prompt template. */
export type TemplateView = {
  /**  Name. */
  name: string;
  /**  Text. */
  text: string;
  /**  SHA-256. */
  hash: string;
  /**  Whether it differs from the built-in one. */
  edited: boolean;
};

/**  A point of the trend. */
export type TrendPoint = {
  /**  Trial. */
  trialId: string;
  /**  Number. */
  number: number;
  /**  J/unit. */
  joulesPerUnit: IntervalView;
  /**  Tokens per second. */
  tokensPerSecond: number;
  /**  Least J/unit up to here among trials that keep the constraints. */
  bestSoFar: number | null;
  /**  Verdict. */
  verdict: VerdictKind;
  /**  The advisor's prediction. */
  predicted: number | null;
};

/**  A trial with its figures. */
export type TrialItem = {
  /**  Identity. */
  id: string;
  /**  From 1. */
  number: number;
  /**  "default" or who proposed it. */
  origin: string;
  /**  Where it stands. */
  state: TrialStateKind;
  /**  Failure or discard cause; empty otherwise. */
  message: string;
  /**  Settings against the default. */
  knobs: KnobView[];
  /**  Gross J/unit. */
  joulesPerUnit: IntervalView | null;
  /**  Net J/unit. */
  net: IntervalView | null;
  /**  The estimate priced at both ends of the plausible ratio. */
  estimateEnds: [number, number] | null;
  /**  Tokens per second. */
  tokensPerSecond: number | null;
  /**  Time to first token, median, seconds. */
  ttftP50S: number | null;
  /**  Time to first token, 95th percentile, seconds. */
  ttftP95S: number | null;
  /**  Joules spent on the trial. */
  energyJ: number;
  /**  Windows finished. */
  repeats: RepeatView[];
  /**  Windows planned. */
  repeatsPlanned: number;
  /**  Verdict against the default. */
  verdict: VerdictView;
  /**  Constraints that it does not keep. */
  violations: string[];
  /**  J/unit that the advisor had expected. */
  predicted: number | null;
  /**  Settings that the engine applied differently. */
  differences: string[];
  /**  Warnings, each once. */
  warnings: string[];
  /**  Command line. */
  commandLine: string;
  /**  Share of the cores that the engine kept busy, 0 to 1. */
  cpuBusy: number | null;
};

/**  State of a trial. */
export type TrialStateKind =
  /**  Not started. */
  | 'pending'
  /**  Being measured. */
  | 'running'
  /**  All repeats are there. */
  | 'complete'
  /**  Ended by a fault. */
  | 'failed'
  /**  Taken back or interrupted. */
  | 'discarded';

/**  How a saving or a loss is said. */
export type VerdictKind =
  /**  It is the default. */
  | 'reference'
  /**  Certainly less energy than the default. */
  | 'better'
  /**  Certainly more. */
  | 'worse'
  /**  Inside the noise. */
  | 'not-decided'
  /**  Changes with coefficients that nobody measured. */
  | 'depends-on-estimate'
  /**  No figure. */
  | 'none';

/**  A verdict in words. */
export type VerdictView = {
  /**  Kind. */
  kind: VerdictKind;
  /**  Such as "certain: 18.6 % less than default". */
  text: string;
  /**  Per cent saved, negative when it costs more. */
  savingPercent: number | null;
};

/**  An error as the screen gets it. */
export type WireError = {
  /**  What the screen may act on. */
  code: ErrorCode;
  /**  What, where and what to do. */
  message: string;
};

/**  A workload. */
export type WorkloadView = {
  /**  Name. */
  name: string;
  /**  In words: "16 requests · 8 at once · 64 tokens out". */
  summary: string;
};

/**  A value for one parameter. */
export type Setting = {
  /**  Parameter. */
  name: string;
  /**  Value as text. */
  value: string;
};
