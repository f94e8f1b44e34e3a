import { setTimeout as delay } from 'node:timers/promises';
import { requestBody, WORKS } from '../work/documents.ts';
import { coreTimes, cpuMsOf } from './cpu.ts';
import { GATEWAY_CORE, LOAD_CORE } from './processes.ts';
import type { RunningTarget } from './start.ts';
import { send } from './verify.ts';
import { runWrk } from './wrk.ts';

/** What one round of one target gave. */
export interface Measured {
  readonly requestsPerSecond: number;
  /** Answers for each connection. Those under way at the end are not counted, so few of them understate the rate. */
  readonly answersPerConnection: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU of the gateway's processes for each request, microseconds. */
  readonly cpuUs: number;
  /** Share of its core that the gateway's processes used, 0 to 1. Well below 1 it was waiting for something else. */
  readonly gatewayCore: number;
  /** Share of the gateway's core that others used, 0 to 1: disturbance. */
  readonly othersOnGatewayCore: number;
  /** Idle share of the core with the load generator and the subgraphs, 0 to 1. */
  readonly loadCoreIdle: number;
}

/** Runs the load once and reads the CPU times around it. */
export async function measure(running: RunningTarget, scriptFile: string, connections: number, seconds: number): Promise<Measured> {
  const before = await readings(running.pid);
  const load = await runWrk({ url: running.url, scriptFile, connections, seconds, directory: running.directory });
  const after = await readings(running.pid);
  if (load.requests === 0) throw new Error(`nothing was answered in ${seconds} s`);
  const wallMs = after.atMs - before.atMs;
  const gatewayMs = after.gatewayMs - before.gatewayMs;
  const gatewayCoreBusyMs = after.gatewayCore.busyMs - before.gatewayCore.busyMs;
  const idleMs = after.loadCore.idleMs - before.loadCore.idleMs;
  const loadCoreMs = idleMs + after.loadCore.busyMs - before.loadCore.busyMs;
  // wrk takes a moment to start and to end, in which nothing is asked: shares are of the time in which it asked.
  const askedMs = Math.min(wallMs, load.seconds * 1000);
  return {
    requestsPerSecond: load.requests / load.seconds,
    answersPerConnection: load.requests / connections,
    p50Ms: load.p50Ms,
    p99Ms: load.p99Ms,
    cpuUs: (gatewayMs * 1000) / load.requests,
    gatewayCore: Math.min(1, gatewayMs / askedMs),
    othersOnGatewayCore: Math.max(0, gatewayCoreBusyMs - gatewayMs) / wallMs,
    loadCoreIdle: loadCoreMs === 0 ? 0 : idleMs / loadCoreMs,
  };
}

const IDLE_POLL_MS = 50;
/** A gateway that used less than a fifth of a poll is idle, for ticks are 10 ms and some gateways have timers. */
const IDLE_CPU_MS = 20;
/** A single small request that is answered within this time waited behind nothing. */
const IDLE_ANSWER_MS = 100;
const IDLE_TIMEOUT_MS = 30_000;

/**
 * Waits until the gateway has nothing left to do: wrk leaves with as many requests under way as it has connections, and a gateway that
 * works on after its clients have gone would take the time of whoever is measured next. Looking at its CPU alone is not enough, since it
 * may be waiting for a subgraph.
 */
export async function untilIdle({ target, pid, url, headers }: RunningTarget): Promise<void> {
  const deadline = performance.now() + IDLE_TIMEOUT_MS;
  const probe = target.probe ?? requestBody(WORKS.q3, 0);
  while (performance.now() < deadline) {
    const before = await cpuMsOf(pid);
    await delay(IDLE_POLL_MS);
    if ((await cpuMsOf(pid)) - before >= IDLE_CPU_MS) continue;
    const askedAt = performance.now();
    await send(url, headers, probe);
    if (performance.now() - askedAt < IDLE_ANSWER_MS) return;
  }
  throw new Error(`The gateway did not come to rest within ${IDLE_TIMEOUT_MS / 1000} s.`);
}

async function readings(pid: number): Promise<{
  readonly atMs: number;
  readonly gatewayMs: number;
  readonly gatewayCore: Awaited<ReturnType<typeof coreTimes>>;
  readonly loadCore: Awaited<ReturnType<typeof coreTimes>>;
}> {
  const [gatewayMs, gatewayCore, loadCore] = await Promise.all([cpuMsOf(pid), coreTimes(GATEWAY_CORE), coreTimes(LOAD_CORE)]);
  return { atMs: performance.now(), gatewayMs, gatewayCore, loadCore };
}
