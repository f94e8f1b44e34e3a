// oidc-provider's main file prints "Unsupported runtime" on Node releases that are not long-term support yet, this project's among them.
// What it exports lies in these two files, which print nothing. To be replaced by the plain import once Node 26 is named LTS.
declare module 'oidc-provider/lib/provider.js' {
  export { Provider } from 'oidc-provider';
}

declare module 'oidc-provider/lib/helpers/errors.js' {
  import type { errors } from 'oidc-provider';
  export const InvalidClientAuth: typeof errors.InvalidClientAuth;
  export const InvalidTarget: typeof errors.InvalidTarget;
}
