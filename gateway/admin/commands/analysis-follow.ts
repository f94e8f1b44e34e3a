import { setTimeout } from 'node:timers/promises';
import { Presets, SingleBar } from 'cli-progress';
import { z } from 'zod';
import { callWithoutEnd } from '../client.ts';
import type { CommandSettings } from '../command-settings.ts';

const Progress = z.object({
  state: z.string(),
  reason: z.string().nullable(),
  people: z.number(),
  peopleDone: z.number(),
  peoplePerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable(),
});
type Progress = z.infer<typeof Progress>;

/** A gateway that is started again meanwhile is found again; one that stays away for so many tries is not. */
const TRIES_MAX = 60;
const RETRY_MS = 1_000;
/** Where there is no terminal, a line at most this often. */
const LINE_MS = 1_000;

/** Waits until a run is no more under way, and shows its progress on standard error meanwhile. Gives the last of it. */
export async function followRun(settings: CommandSettings, run: string, name: string): Promise<Progress> {
  const show = showOn(settings, name);
  try {
    for (let tries = 0; ; tries += 1) {
      try {
        for await (const progress of events(settings, run)) {
          tries = 0;
          show.progress(progress);
          if (progress.state !== 'running' && progress.state !== 'paused') return progress;
        }
      } catch (error) {
        if (tries >= TRIES_MAX) throw error;
      }
      await setTimeout(RETRY_MS);
    }
  } finally {
    show.end();
  }
}

/** The events of a run as they come (HTML standard, section 9.2: events end with an empty line). */
async function* events(settings: CommandSettings, run: string): AsyncGenerator<Progress> {
  const response = await callWithoutEnd(settings, `/admin/analyses/${run}/events`);
  if (response.status !== 200 || response.body === null)
    throw new Error('The gateway does not tell how the run goes on. Look at it with: analysis show RUN.');
  let text = '';
  for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
    text += part;
    const whole = text.split('\n\n');
    text = whole.pop() ?? '';
    for (const event of whole) {
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (data !== undefined) yield Progress.parse(JSON.parse(data));
    }
  }
}

interface Show {
  readonly progress: (progress: Progress) => void;
  readonly end: () => void;
}

function showOn({ output: { progress: stream } }: CommandSettings, name: string): Show {
  if (stream === undefined) return { progress: () => undefined, end: () => undefined };
  return stream.isTTY ? showBar(stream, name) : showLines(stream, name);
}

function showBar(stream: NodeJS.WriteStream, name: string): Show {
  const bar = new SingleBar(
    { stream, hideCursor: true, format: `${name} {bar} {percentage} % · {value} of {total} people · {more}` },
    Presets.shades_classic,
  );
  let isShown = false;
  return {
    progress(progress) {
      const payload = { more: moreOf(progress) };
      if (isShown) bar.update(progress.peopleDone, payload);
      else bar.start(progress.people, progress.peopleDone, payload);
      isShown = true;
    },
    end: () => bar.stop(),
  };
}

function showLines(stream: NodeJS.WriteStream, name: string): Show {
  let shownMs = Number.NEGATIVE_INFINITY;
  return {
    progress(progress) {
      const isLast = progress.state !== 'running' && progress.state !== 'paused';
      if (!isLast && performance.now() - shownMs < LINE_MS) return;
      shownMs = performance.now();
      stream.write(`${name}: ${progress.peopleDone} of ${progress.people} people · ${moreOf(progress)}\n`);
    },
    end: () => undefined,
  };
}

function moreOf({ state, reason, peoplePerSecond, secondsLeft }: Progress): string {
  if (state === 'paused') return `paused: ${reason ?? ''}`;
  const rate = peoplePerSecond === null ? '' : `${Math.round(peoplePerSecond)} a second`;
  if (state !== 'running') return [state, rate].filter(Boolean).join(' · ');
  return [rate, secondsLeft === null ? '' : `${Math.ceil(secondsLeft)} s left`].filter(Boolean).join(' · ') || 'begins';
}
