/** The one function of the bundler that the page without a server uses. */
interface ImportMeta {
  glob<T>(
    patterns: readonly string[],
    options: { readonly query: string; readonly import: string; readonly eager: true },
  ): Readonly<Record<string, T>>;
}
