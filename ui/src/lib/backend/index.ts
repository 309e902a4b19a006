// The one door to the core. Inside the app its twin `tauri.ts` answers, in a plain browser `mock/`.

import type * as wire from './bindings';

export type * from './bindings';

/** Everything the window asks of the core. Each promise rejects with a `BackendError`. */
export interface Backend {
  machine(): Promise<wire.MachineView>;
  firstLook(): Promise<wire.FirstLook>;
  /** Examines the machine; takes some seconds. */
  diagnose(): Promise<wire.DiagnosisView>;
  /** Looks for sensors anew, then examines the machine. */
  lookAgain(): Promise<wire.DiagnosisView>;
  /** Recordings of this machine’s noise, newest first. */
  noise(): Promise<wire.NoiseView[]>;
  /** Starts to record it; its phases come as live events of the session `noise`. */
  recordNoise(): Promise<void>;
  cancelNoise(): Promise<void>;
  /** What the recording that runs is doing; idle where none runs. */
  recordingNoise(): Promise<wire.PhaseView>;
  outsideMeters(): Promise<wire.OutsideMeterView[]>;
  /** Adds a meter, or changes the one called `replaces`. */
  putOutsideMeter(meter: wire.OutsideMeterView, replaces: string | null): Promise<void>;
  removeOutsideMeter(name: string): Promise<void>;
  /** Reads it for 3 s: its mean power in words, and what its device measures. */
  tryOutsideMeter(meter: wire.OutsideMeterView): Promise<wire.MeterTrialView>;
  /** Devices that are read in two ways. */
  readers(): Promise<wire.ReaderView[]>;
  /** Says which reader stands; null leaves it open. Used once the sensors are looked for again. */
  chooseReader(device: string, reader: wire.ReaderWay | null): Promise<void>;
  /** What can be fetched, the download that runs, and how the last one ended. */
  downloads(): Promise<wire.DownloadsView>;
  /** Starts a download; its phases come as live events of the session `download`. */
  startDownload(what: string, sha256: string | null): Promise<void>;
  /** Ends it; what has come is kept. */
  cancelDownload(): Promise<void>;
  /** What can be chosen with that engine; with the one that comes along where it is empty. */
  newSessionOptions(engine: string): Promise<wire.NewSessionOptions>;
  createSession(draft: wire.SessionDraft): Promise<string>;
  /** A first look at a file of the person’s own prompts or chats. */
  previewWork(path: string): Promise<wire.WorkPreviewView>;
  /** What a session like this took earlier here, in words; empty where none was. */
  likelyCost(draft: wire.SessionDraft): Promise<string>;
  /** Takes the example that comes along in, or finds it; gives its identity. */
  exampleSession(): Promise<string>;
  /** Writes a session into one file; gives its path. One that is there is replaced only where that was agreed. */
  exportSession(id: string, out: string, replace: boolean): Promise<string>;
  /** Takes a session in from such a file; gives its identity. */
  importSession(path: string): Promise<string>;
  /** The system's own dialog for a file to read or to write; null where the person took it back. */
  chooseFile(saves: boolean, path: string): Promise<string | null>;
  /** The start button can be pressed; true where whoever measures the app wants it pressed now. */
  interfaceReady(): Promise<boolean>;
  sessions(): Promise<wire.SessionSummary[]>;
  session(id: string): Promise<wire.SessionView>;
  renameSession(id: string, name: string): Promise<void>;
  setNote(id: string, note: string): Promise<void>;
  deleteSession(id: string): Promise<void>;
  /** Takes what earlier sessions taught out of a session. */
  forgetMemory(id: string): Promise<void>;
  /** Clears what sessions so far would teach later ones; they themselves stay. */
  clearMemory(): Promise<void>;
  /** One subscription for the whole window. */
  follow(listener: (event: wire.LiveEvent) => void): Promise<void>;
  measureDefault(id: string): Promise<void>;
  /** Measures the default again, where it is in doubt. */
  checkDefault(id: string): Promise<void>;
  /** On a busy machine: waits until it is quiet, or measures the default all the same. */
  answerBusy(id: string, wait: boolean): Promise<void>;
  ask(id: string): Promise<void>;
  /** A question of the person, whatever else runs; the answer comes into the story. */
  say(id: string, text: string): Promise<void>;
  /** Takes back a question that has no answer yet. */
  takeBack(id: string, exchangeId: string): Promise<void>;
  runProposal(id: string, proposalId: string): Promise<void>;
  /** More windows of a trial, until it is decided or enough. */
  moreRepeats(id: string, trialId: string): Promise<void>;
  confirm(id: string): Promise<void>;
  /** Undoes each change of the confirmed winner by itself, then confirms the simpler settings. */
  undoEach(id: string, minutes: number): Promise<void>;
  numericProposal(id: string): Promise<void>;
  giveReply(id: string, exchangeId: string, reply: string): Promise<void>;
  editProposal(id: string, proposalId: string, settings: wire.Setting[]): Promise<void>;
  dismissProposal(id: string, proposalId: string): Promise<void>;
  proposeByHand(id: string, settings: wire.Setting[]): Promise<void>;
  /** `null` goes back to the draft. */
  saveFeedback(id: string, trialId: string, text: string | null): Promise<void>;
  agree(id: string): Promise<void>;
  autopilot(id: string, on: boolean): Promise<void>;
  cancel(id: string): Promise<void>;
  /** The server that Wattsmith did not start is set as was asked. */
  setByHand(id: string): Promise<void>;
  stop(id: string): Promise<void>;
  resume(id: string): Promise<void>;
  promptPreview(id: string): Promise<wire.PromptPreview>;
  templates(): Promise<wire.TemplateView[]>;
  saveTemplate(name: string, text: string): Promise<wire.TemplateView>;
  restoreTemplate(name: string): Promise<wire.TemplateView>;
  previewTemplate(id: string, name: string, text: string): Promise<wire.PromptPreview>;
  setApiKey(connection: wire.ConnectionDraft, key: string): Promise<wire.KeyStored>;
  testConnection(connection: wire.ConnectionDraft): Promise<string>;
  providerModels(connection: wire.ConnectionDraft): Promise<string[]>;
  changeConnection(id: string, connection: wire.ConnectionDraft): Promise<void>;
  overview(): Promise<wire.OverviewLine[]>;
  /** What holds for all sessions. */
  settings(): Promise<wire.SettingsView>;
  /** Keeps settings; gives where an unreadable file was set aside, else ''. */
  saveSettings(draft: wire.SettingsDraft): Promise<string>;
  /** The report's page as it would be written now. */
  reportPage(id: string, withPaths: boolean): Promise<string>;
  /** The paths of the files written: `out`, or in the reports folder; of charts one for each. */
  exportReport(
    id: string,
    format: wire.ReportFormat,
    out: string | null,
    withPaths: boolean,
  ): Promise<string[]>;
  openPath(path: string): Promise<void>;
  showInFolder(path: string): Promise<void>;
  /** Keeps a picture or a table beside the reports; gives its path. */
  keepFile(name: string, data: number[]): Promise<string>;
  /** Files that are dropped on the window, by their paths; gives what ends it. */
  onDrop(listener: (paths: string[]) => void): () => void;
  /** Asks before the window is closed; what resolves to false keeps it open. */
  beforeClose(ask: () => Promise<boolean>): void;
  powerSeries(trialId: string, repeatIndex: number, maxPoints: number): Promise<wire.PowerSeries[]>;
  /** The pictures of a trial, each beside the default's. */
  picturePairs(id: string, trialId: string): Promise<wire.PicturePairView[]>;
  studyOptions(): Promise<wire.StudyOptions>;
  /** Starts a study; its phases come as live events of the session `study`. */
  startStudy(draft: wire.StudyDraft): Promise<void>;
  /** Goes on with one that was interrupted. */
  resumeStudy(id: string): Promise<void>;
  /** Removes one, finished or not. */
  removeStudy(id: string): Promise<void>;
  cancelStudy(): Promise<void>;
  /** What the study that runs is doing; idle where none runs. */
  studying(): Promise<wire.PhaseView>;
  /** Finished studies, newest first. */
  studies(): Promise<wire.StudyLine[]>;
  /** Interrupted studies that can go on, newest first. */
  begunStudies(): Promise<wire.BegunLine[]>;
  study(id: string): Promise<wire.StudyView>;
}

/** Whether the window belongs to the app and not to a plain browser. */
export const insideApp = () => '__TAURI_INTERNALS__' in globalThis;

/** Chooses the twin: the core inside the app, else the simulation. */
export async function openBackend(): Promise<Backend> {
  if (insideApp()) return (await import('./tauri')).tauriBackend();
  return (await import('./mock')).mockBackend(new URLSearchParams(globalThis.location.search));
}
