import type { GraphQLScalarType } from 'graphql';
import type { Database, Queryable, Statement } from '../platform/database.ts';
import type { Grant } from '../platform/grant.ts';
import type { Population } from './population.ts';

/**
 * A register as the subgraph service sees it: a folder with its SDL and migrations, resolvers over loaders, and how its part of a synthetic
 * population looks. `serve.ts` makes a service of it; a fifth register is one more value of this type.
 */
export interface Register<Loaders = unknown> {
  /** The subgraph's name, and the audience of the grants made for it: `residents`, `civil-status`, `health-insurance`, `education`, … */
  readonly name: string;
  /** Absolute folder with `schema.graphql` and `migrations/`: the register file's `import.meta.dirname`. */
  readonly directory: string;
  readonly resolvers: RegisterResolvers<Loaders>;
  /** Made anew for each request: what one agency was given must not serve another (ATTACKS 25). */
  readonly createLoaders: (on: Queryable) => Loaders;
  /** Its people: who is walked when something is counted over the register. */
  readonly people: People;
  /** The register's rows about these people, table by table in an order that foreign keys allow, as COPY lines (`copyLine`). */
  readonly synthesise: (population: Population) => Iterable<SyntheticTable>;
  /**
   * ID numbers after `after` (empty: from the first), ascending, at most `limit`, of people who make a good first request. Served only over
   * synthetic data.
   */
  readonly showcase?: (database: Database, after: string, limit: number, today: string) => Promise<readonly string[]>;
}

export interface People {
  /** Gives `id_number` of each, once, as of the day `$1`. */
  readonly statement: Statement;
  /** Standing among them tells as much as a field of this group: the owner's ceiling has to let it be counted. */
  readonly group: string;
}

/** A register whatever its loaders are: what the service, which only passes them from `createLoaders` to the resolvers, works with. */
export type AnyRegister = Register;

/** Erases the type of a register's loaders, which only its own resolvers know. */
export function register<Loaders>(definition: Register<Loaders>): AnyRegister {
  return definition as unknown as AnyRegister;
}

/** What every resolver gets as its context. */
export interface RegisterContext<Loaders> {
  readonly loaders: Loaders;
  /** The verified grant of this call. */
  readonly grant: Grant;
  /** Calendar date in Asia/Ho_Chi_Minh when the call came, `YYYY-MM-DD`: one day for the whole answer. */
  readonly today: string;
}

/** A graphql-js resolver map. `Resident.__resolveReference` takes the representation as its parent and runs no query of its own. */
export type RegisterResolvers<Loaders> = Readonly<Record<string, GraphQLScalarType | Readonly<Record<string, FieldResolver<Loaders>>>>>;

// Parents and arguments are what the SDL says; each resolver names the part it uses, and `never` lets it do so without `any`.
export type FieldResolver<Loaders> = (parent: never, args: never, context: RegisterContext<Loaders>, info: never) => unknown;

export interface SyntheticTable {
  readonly table: string;
  readonly columns: readonly string[];
  readonly lines: Iterable<string>;
}
