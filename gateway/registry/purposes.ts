import type { Actor } from '../admin/actor.ts';
import type { Agency, BilingualText } from '../policy/registry.ts';
import { changeRegistry, NOT_YOURS, refused, type ChangeParts, type RegistryChanged, type RegistryRefusal } from './change.ts';

type Outcome = RegistryChanged | RegistryRefusal;

export interface PurposeService {
  readonly addAgency: (actor: Actor, agency: Agency) => Promise<Outcome>;
  /** A new purpose, version 1. Nobody has it until an application is given it. */
  readonly addPurpose: (actor: Actor, id: string, text: BilingualText, dpv: string | undefined) => Promise<Outcome>;
  /** Another text is another version: consents to the one before hold no more, for people agreed to what they read. */
  readonly setPurpose: (actor: Actor, id: string, text: BilingualText | undefined, dpv: string | undefined) => Promise<Outcome>;
}

/** Agencies and purposes are everybody's, so national administrators alone change them. */
export function createPurposeService(parts: ChangeParts): PurposeService {
  return {
    addAgency: async (actor, { id, name, kind }) =>
      changeRegistry(parts, actor, async ({ file, actor: present }) => {
        if (!present.roles.has('national-administrator')) return NOT_YOURS;
        if (Object.hasOwn(file.agencies, id)) return refused('EXISTS', `There is an agency "${id}" already. Choose another id.`);
        file.agencies[id] = { kind, name, officers: {} };
        return { kind: 'edited', event: 'registry.agency.add', subject: id, body: { kind, name } };
      }),
    addPurpose: async (actor, id, text, dpv) =>
      changeRegistry(parts, actor, async ({ file, actor: present }) => {
        if (!present.roles.has('national-administrator')) return NOT_YOURS;
        if (Object.hasOwn(file.purposes, id))
          return refused('EXISTS', `There is a purpose "${id}" already. Set its text, or choose another id.`);
        file.purposes[id] = { version: 1, text, ...(dpv === undefined ? {} : { dpv }) };
        return { kind: 'edited', event: 'registry.purpose.add', subject: id, body: { text, dpv: dpv ?? null } };
      }),
    setPurpose: async (actor, id, text, dpv) =>
      changeRegistry(parts, actor, async ({ file, actor: present }) => {
        if (!present.roles.has('national-administrator')) return NOT_YOURS;
        const purpose = Object.hasOwn(file.purposes, id) ? file.purposes[id] : undefined;
        if (purpose === undefined) return refused('UNKNOWN', `There is no purpose "${id}".`);
        const isNewText = text !== undefined && (text.vi !== purpose.text.vi || text.en !== purpose.text.en);
        if (!isNewText && (dpv === undefined || dpv === purpose.dpv)) return refused('NO_CHANGE', 'It is so already.');
        if (isNewText) Object.assign(purpose, { text, version: purpose.version + 1 });
        if (dpv !== undefined) purpose.dpv = dpv;
        return {
          kind: 'edited',
          event: 'registry.purpose.set',
          subject: id,
          body: { version: purpose.version, text: purpose.text, dpv: dpv ?? null },
        };
      }),
  };
}
