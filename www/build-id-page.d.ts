// The module's files import each other with the build's name as a query, which `tsc` knows nothing of: here is what each such
// address is. These run in pages.

declare module "*/connection.js?v=__BUILD_ID__" {
  export * from "#module/connection.js";
}
declare module "*/circuitscope.js?v=__BUILD_ID__" {
  export * from "#public/circuitscope.js";
}
declare module "*/discover.js?v=__BUILD_ID__" {
  export * from "#module/discover.js";
}
declare module "*/live.js?v=__BUILD_ID__" {
  export * from "#module/live.js";
}
declare module "*/options.js?v=__BUILD_ID__" {
  export * from "#module/options.js";
}
declare module "*/fetching.js?v=__BUILD_ID__" {
  export * from "#module/fetching.js";
}
declare module "*/inspect.js?v=__BUILD_ID__" {
  export * from "#module/inspect.js";
}
declare module "*/poster.js?v=__BUILD_ID__" {
  export * from "#module/poster.js";
}
declare module "*/prompts.js?v=__BUILD_ID__" {
  export * from "#module/prompts.js";
}
declare module "*/reader-client.js?v=__BUILD_ID__" {
  export * from "#module/reader-client.js";
}
declare module "*/schema.js?v=__BUILD_ID__" {
  export * from "#module/schema.js";
}
declare module "*/scores.js?v=__BUILD_ID__" {
  export * from "#module/scores.js";
}
declare module "*/sources.js?v=__BUILD_ID__" {
  export * from "#module/sources.js";
}
declare module "*/viewer.js?v=__BUILD_ID__" {
  export * from "#public/viewer.js";
  export { default } from "#public/viewer.js";
}
declare module "*/weights.js?v=__BUILD_ID__" {
  export * from "#module/weights.js";
}
declare module "*/workers.js?v=__BUILD_ID__" {
  export * from "#module/workers.js";
}
