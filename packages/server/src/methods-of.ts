/**
 * The methods that a protocol asks of an object: `math/add` is `add` of its member `math`.
 *
 * Built like the functions of `client.api`: where those take options, a method gets the handler's context.
 */
import type { DataOf, HandlerOf, KindOf, ParamOf, ProcedureKind } from "@sluice/protocol";

/** What {@link bind} takes for `Protocol`. Of a protocol that is known at run time only: any object. */
export type MethodsOf<Protocol, Context = unknown> = string extends keyof Protocol
  ? object
  : MethodTree<Protocol, keyof Protocol & string, "", Context>;

/** Of `Names`, those that go on after `Prefix`; each member is made from the names of its group. */
type MethodTree<Protocol, Names extends keyof Protocol & string, Prefix extends string, Context> = {
  readonly [Name in Names as Segment<Name, Prefix>]: MethodMember<
    Protocol,
    Name,
    `${Prefix}${Segment<Name, Prefix>}`,
    Context
  >;
};

type Segment<Name, Prefix extends string> = Name extends `${Prefix}${infer Rest}`
  ? Rest extends `${infer Head}/${string}`
    ? Head
    : Rest
  : never;

/** A method where the path is a name, an object where it is the beginning of longer ones, or both. */
type MethodMember<Protocol, Names extends keyof Protocol & string, Path extends string, Context> = [
  Names,
] extends [Path]
  ? MethodOf<Protocol, Names, Context>
  : Path extends Names
    ? MethodOf<Protocol, Path, Context> & MethodTree<Protocol, Names, `${Path}/`, Context>
    : MethodTree<Protocol, Names, `${Path}/`, Context>;

/** The handler of a procedure as a method: `MethodOf<Math, "math/add">` is `(a: number, b: number, context: …) => …`. */
export type MethodOf<Protocol, Procedure extends keyof Protocol, Context = unknown> = (
  ...args: [
    ...values: ArgumentsOf<Protocol, Procedure>,
    context: Parameters<HandlerOf<Protocol, Procedure, Context>>[0],
  ]
) => ReturnType<HandlerOf<Protocol, Procedure, Context>>;

type ArgumentsOf<Protocol, Procedure extends keyof Protocol> = ArgumentsByKind<Protocol, Procedure>[KindOf<
  Protocol,
  Procedure
>];

interface ArgumentsByKind<Protocol, Procedure extends keyof Protocol>
  extends Record<Exclude<ProcedureKind, "event">, ParamArguments<Protocol, Procedure>> {
  readonly event: [data: DataOf<Protocol, Procedure>];
}

/** The param, or the elements of a `prefixItems` param one by one. */
type ParamArguments<Protocol, Procedure extends keyof Protocol> = Protocol[Procedure] extends {
  readonly param: infer Slot;
}
  ? IsPositional<Slot, ParamOf<Protocol, Procedure>> extends true
    ? Elements<ParamOf<Protocol, Procedure>>
    : [param: ParamOf<Protocol, Procedure>]
  : [param: undefined];

/** Of a schema that is not JSON Schema, only the type of its values says so. */
type IsPositional<Slot, Param> = Slot extends { readonly prefixItems: readonly unknown[] }
  ? true
  : keyof Slot & ("~standard" | "~sluice") extends never
    ? false
    : IsTuple<Param>;

type IsTuple<Value> = Value extends readonly unknown[]
  ? number extends Value["length"]
    ? Value extends readonly [unknown, ...unknown[]]
      ? true
      : false
    : true
  : false;

type Elements<Param> = Param extends readonly unknown[] ? Places<Param> : [param: Param];

/** A tuple whose optional elements are there, and may be `undefined`: what comes after them has its place. */
type Places<Tuple extends readonly unknown[]> =
  Tuple extends Required<Tuple>
    ? Tuple
    : Tuple extends readonly [infer Head, ...infer Rest]
      ? [Head, ...Places<Rest>]
      : Tuple extends readonly [(infer Head)?, ...infer Rest]
        ? [Head | undefined, ...Places<Rest>]
        : Tuple;
