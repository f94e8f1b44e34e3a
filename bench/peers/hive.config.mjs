// Configuration of the Hive Gateway target: nothing but what keeps it from writing logs and from serving pages.
export const gatewayConfig = {
  logging: false,
  graphiql: false,
  landingPage: false,
};
