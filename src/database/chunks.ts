const chunk = 500;

/** Runs `work` on pieces of the list small enough for one statement's parameters, in order. */
export async function inChunks<T, R>(list: T[], work: (piece: T[]) => Promise<R[]>): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < list.length; i += chunk) results.push(...(await work(list.slice(i, i + chunk))));
  return results;
}
