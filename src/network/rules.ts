export const privateSentence = (address: string): string =>
  `${address} is in a private network, which Sitebook does not call. Whoever runs Sitebook can allow it with WEBHOOK_NETWORKS.`;
