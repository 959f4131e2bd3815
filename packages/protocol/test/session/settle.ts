/** Lets promise reactions run, as long as chains of ordinary length last: no timer, no turn of the event loop. */
export async function settle(rounds = 64): Promise<void> {
  for (let round = 0; round < rounds; round++) await Promise.resolve();
}
