/** MQTT properties as one text column. */
import type { MessageProperties } from "../../mqtt/packet.ts";

/** As JSON, with correlation data in base64; null for none. */
export function propertyText(properties: MessageProperties | undefined): string | null {
  if (properties === undefined) return null;
  const { correlationData, ...rest } = properties;
  return JSON.stringify(correlationData === undefined ? rest : { ...rest, correlation: correlationData.toBase64() });
}

/** The reverse of {@link propertyText}. @throws SyntaxError for text in another format */
export function propertiesOf(text: string | null): MessageProperties | undefined {
  if (text === null) return undefined;
  const { correlation, ...rest } = JSON.parse(text) as MessageProperties & { readonly correlation?: string };
  return correlation === undefined ? rest : { ...rest, correlationData: Uint8Array.fromBase64(correlation) };
}
