import { launchApollo } from './apollo.ts';
import type { Target } from './target.ts';

export const apolloUndici: Target = {
  name: 'apollo-undici',
  title: 'Apollo Gateway, undici',
  what: 'the same with a data source of its own on pooled undici connections',
  package: '@apollo/gateway',
  launch: async (context) => launchApollo(context, 'undici'),
};
