/** The moment so many milliseconds after another, or before it if negative; both ISO 8601 UTC. */
export const addMs = (at: string, ms: number): string => new Date(Date.parse(at) + ms).toISOString();
