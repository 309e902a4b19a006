// What the doctor says of the pretended machines; texts as the core has them.

import type { DiagnosisView, FindingView, MachineView, RemedyView } from '../bindings';

const advise = (text: string): RemedyView => ({ text, command: null });
const run = (text: string, command: string): RemedyView => ({ text, command });

const ESTIMATE = 'an estimate from CPU time';
const SUGGEST_A_PLUG = advise(
  'The other findings say which sensor could be made to answer. What always works is a plug at the wall that tells its watts over the network (Shelly, Tasmota): add it as an outside meter.',
);

const NO_SENSOR: FindingView = {
  id: 'no-sensor',
  severity: 'problem',
  title: 'No power sensor answers',
  cause:
    'Joules are estimated from the CPU time of the engine, with coefficients that nobody measured on this machine. The error is ±50 % or more, and a saving is only called one where it does not depend on how much the machine draws when idle.',
  remedies: [SUGGEST_A_PLUG],
  meanwhile: ESTIMATE,
};

const VIRTUAL: FindingView = {
  id: 'virtual-machine',
  severity: 'problem',
  title: 'This is a virtual machine (KVM)',
  cause:
    'Its host keeps the CPU’s energy counters to itself, since they would tell one guest about the others. Nothing that meters power is passed through to it. What other guests do on the same processor disturbs speed and does not show here.',
  remedies: [
    advise(
      'Run Wattsmith on the host, or on a machine of your own. Where you administer the host, a meter there can be read from here as an outside meter (a Prometheus query, such as of Scaphandre or Kepler).',
    ),
  ],
  meanwhile: ESTIMATE,
};

const NO_KEYRING: FindingView = {
  id: 'no-keyring',
  severity: 'note',
  title: 'There is no keyring for API keys',
  cause:
    'A key that you enter is kept in memory until Wattsmith ends, because the keyring cannot be reached. Measuring needs none.',
  remedies: [run('On a desktop without one:', 'sudo apt install gnome-keyring')],
  meanwhile: '',
};

const denied = (severity: FindingView['severity'], meanwhile: string): FindingView => ({
  id: 'rapl-denied',
  severity,
  title: 'Only root may read the CPU’s energy counters',
  cause:
    '/sys/class/powercap/intel-rapl:0/energy_uj cannot be read by this user. The kernel closed them to everybody in 2020, because fine-grained energy readings can leak secrets to other users of the machine.',
  remedies: [
    run(
      'For now, to every user, until the machine restarts:',
      'sudo chmod a+r /sys/class/powercap/intel-rapl:*/energy_uj',
    ),
    run(
      'For good: a udev rule that opens them to a group, with you in it. Log out and in again afterwards.',
      'sudo groupadd --force --system energy && sudo usermod --append --groups energy "$USER" && echo \'SUBSYSTEM=="powercap", ACTION=="add|change", KERNEL=="intel-rapl:*", RUN+="/bin/chgrp energy /sys%p/energy_uj", RUN+="/bin/chmod g+r /sys%p/energy_uj"\' | sudo tee /etc/udev/rules.d/70-wattsmith-rapl.rules && sudo udevadm control --reload && sudo udevadm trigger --subsystem-match=powercap --action=add',
    ),
  ],
  meanwhile,
});

const SHARED: FindingView = {
  id: 'gpu-shared',
  severity: 'note',
  title: 'Other programs use GPU 0: NVIDIA GeForce RTX 4090',
  cause:
    'These processes are on the GPU: Xorg (1201) and firefox (4711). Whatever they draw is in every figure. A desktop at rest adds a few watts; a second model server spoils the comparison.',
  remedies: [
    advise('Close what is not needed before measuring.'),
    run('See what each of them does:', 'nvidia-smi pmon -c 1'),
  ],
  meanwhile: '',
};

const answering = (words: string): FindingView => ({
  id: 'sensors-answer',
  severity: 'fine',
  title: `Read here: ${words}`,
  cause: 'Each of them moved while it was looked at.',
  remedies: [],
  meanwhile: '',
});

/** What the doctor says of a machine, from what it shows of itself. */
export function diagnosis(machine: MachineView): DiagnosisView {
  const off = `±${Math.round(machine.sensorError * 100)} %`;
  const base = {
    measured: machine.measured,
    usable: true,
    scope: machine.scope,
    sensorError: machine.sensorError,
    sensors: machine.sensors,
  };
  const because = 'because no power sensor answers.';
  if (machine.gpus.length > 0)
    return {
      ...base,
      verdict: `Joules here are measured by the GPU’s energy counter (GPU board), ${off}.`,
      findings: [
        denied('note', 'the GPU’s energy counter'),
        SHARED,
        answering('the GPU’s energy counter and the GPU’s instant power'),
      ],
    };
  if (machine.measured)
    return {
      ...base,
      verdict: `Joules here are measured by a plug at the wall (${machine.scope}), ${off}.`,
      findings: [answering('a plug at the wall')],
    };
  if (machine.virtualMachine)
    return {
      ...base,
      verdict: `Joules here are estimated from CPU time, ${off} or more, ${because} This is a virtual machine (KVM).`,
      findings: [VIRTUAL, NO_SENSOR, NO_KEYRING],
    };
  return {
    ...base,
    verdict: `Joules here are estimated from CPU time, ${off} or more, ${because} Only root may read the CPU’s energy counters.`,
    findings: [denied('problem', ESTIMATE), NO_SENSOR],
  };
}
