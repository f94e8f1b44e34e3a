// Entry file of the mercurius target: the gateway plugin of Federation 1 with compiled queries (JIT). Its caches are on by default.
import fastify from 'fastify';
import mercuriusGateway from '@mercuriusjs/gateway';

const urls = JSON.parse(process.env.BENCH_SUBGRAPH_URLS);
const app = fastify({ logger: false });
await app.register(mercuriusGateway, {
  jit: 1,
  gateway: {
    services: Object.entries(urls).map(([name, url]) => ({
      name,
      url,
      mandatory: true,
      connections: Number(process.env.SUBGRAPH_CONNECTIONS_MAX),
    })),
  },
});
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) });
