/** The Message-ID of a mail, without angle brackets: the same whenever the mail with this id is sent. */
export const messageIdOf = (id: string, baseUrl: string): string => `${id}@${new URL(baseUrl).hostname}`;

/** The id in a Message-ID that `messageIdOf` made, with angle brackets or without; undefined in any other. */
export function idOfMessage(messageId: string, baseUrl: string): string | undefined {
  const [, id = ""] = /^<?([0-9a-f-]{36})@/.exec(messageId.trim()) ?? [];
  const bare = messageId.trim().replace(/^<(.*)>$/, "$1");
  return id && bare === messageIdOf(id, baseUrl) ? id : undefined;
}
