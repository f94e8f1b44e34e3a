import { createRequire } from 'node:module';
import type * as Middleware from 'graphql-middleware';
import type * as Shield from 'graphql-shield';

/**
 * graphql-shield, loaded as CommonJS: the ES build of 7.6.5 imports `isUndefined` from `node:util`, which Node 23 removed, so a plain
 * `import` fails at start. This file can go when a release of graphql-shield no longer imports it. `chain` and `race` call the missing
 * function at run time in the CommonJS build too, so they are not exported.
 */
const require = createRequire(import.meta.url);
const library = require('graphql-shield') as typeof Shield;

export const { shield, rule, allow, deny, and, or, not } = library;

/** graphql-middleware of the same build: the ES one does not know the middleware that a CommonJS shield makes. */
export const { applyMiddleware } = require('graphql-middleware') as typeof Middleware;
