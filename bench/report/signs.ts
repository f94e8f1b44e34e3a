import type { Measured } from '../run/measure.ts';

/** Below this share of its core a gateway was not what limited the rate. */
const GATEWAY_CORE_MIN = 0.9;
/** Above this share, others took time on the gateway's core. */
const OTHERS_MAX = 0.05;
/** Below this idle share the load's core may have been what limited the rate. */
const LOAD_CORE_IDLE_MIN = 0.05;
/** Below this many answers for each connection, those that came too late to be counted matter. */
const ANSWERS_PER_CONNECTION_MIN = 3;

/** What is doubtful about a row, as signs behind its numbers. */
export function signsOf({ gatewayCore, othersOnGatewayCore, loadCoreIdle, answersPerConnection }: Measured): string {
  return [
    gatewayCore < GATEWAY_CORE_MIN ? '!' : '',
    othersOnGatewayCore > OTHERS_MAX ? '~' : '',
    loadCoreIdle < LOAD_CORE_IDLE_MIN ? '^' : '',
    answersPerConnection < ANSWERS_PER_CONNECTION_MIN ? '#' : '',
  ].join('');
}

export const SIGNS_EXPLAINED: readonly string[] = [
  `!  the gateway used less than ${GATEWAY_CORE_MIN * 100} % of its core: it waited for something else (its own limits, the load, the database), so this rate is not its CPU's`,
  `~  other processes used more than ${OTHERS_MAX * 100} % of the gateway's core: the machine was not quiet, repeat the run`,
  `^  the other core was less than ${LOAD_CORE_IDLE_MIN * 100} % idle: load generator or subgraphs may have been the limit`,
  `#  fewer than ${ANSWERS_PER_CONNECTION_MIN} answers for each connection: the rate is understated, give the round more --seconds`,
];

/** A sentence about how much of the gateway's core others used while these were measured. */
export function disturbance(measured: readonly Pick<Measured, 'othersOnGatewayCore'>[]): string {
  const shares = measured.map(({ othersOnGatewayCore }) => othersOnGatewayCore * 100);
  const [least, most] = [Math.min(...shares), Math.max(...shares)].map((share) => share.toFixed(0));
  return `Other work of the machine took ${least} to ${most} % of the gateway's core in the rounds measured.`;
}
