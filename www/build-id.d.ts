// The module's files import each other with the build's name as a query, which `tsc` knows nothing of: here is what each such
// address is. These run in pages and in workers.

declare module "*/files.js?v=__BUILD_ID__" {
  export * from "#module/files.js";
}
declare module "*/hub.js?v=__BUILD_ID__" {
  export * from "#module/hub.js";
}
declare module "*/program.js?v=__BUILD_ID__" {
  export * from "#module/program.js";
}
declare module "*/store.js?v=__BUILD_ID__" {
  export * from "#module/store.js";
}
