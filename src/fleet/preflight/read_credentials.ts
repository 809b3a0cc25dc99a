/**
 * Reads a credentials file and checks the whole of it before the run: columns, number of rows, each identifier, and the
 * files of certificates and keys.
 */
import { readAuthData } from "../../auth/auth_settings.ts";
import { Buffer } from "node:buffer";
import { textOfBytes, withoutLineEnd } from "../../base/bytes.ts";
import { UsageError } from "../../base/failure.ts";
import { formatCount } from "../../base/units.ts";
import { readTlsClientFiles } from "../../net/tls/tls_identity.ts";
import {
  type CredentialColumn,
  credentialColumns,
  type CredentialRows,
  CredentialRowsWriter,
} from "../plan/credential_rows.ts";
import type { FleetPlan } from "../plan/plan.ts";
import { type CsvRow, csvRows } from "./csv_rows.ts";

/** Only so many pairs of certificate and key are parsed before the run; of the others, the files must exist. */
const mostParsedPairs = 1_000;

/** The largest number of bytes of a text in an MQTT packet. */
const mostTextBytes = 65_535;

/**
 * A plan with the rows of its credentials file, with the passwords of watchers and canaries, and with the data of its
 * authentication method.
 *
 * @throws UsageError for the first fault, with its line
 */
export async function withCredentials(plan: FleetPlan): Promise<FleetPlan> {
  const { credentials: path, watcherPasswordFile, canaryPasswordFile, authData } = plan;
  const watcherPassword = await passwordIn(watcherPasswordFile, "--watcher-password-file");
  const canaryPassword = await passwordIn(canaryPasswordFile, "--canary-password-file");
  return Object.freeze({
    ...plan,
    ...path !== undefined && { credentialRows: parseCredentials(await textOf(path), path, plan.clients) },
    ...watcherPassword !== undefined && { watcherPassword },
    ...canaryPassword !== undefined && { canaryPassword },
    ...authData !== undefined && { authBytes: textOfBytes(await readAuthData(authData)) },
  });
}

async function passwordIn(path: string | undefined, flag: string): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return textOfBytes(withoutLineEnd(await Deno.readFile(path)));
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "there is no such file" : "it cannot be read";
    throw new UsageError(`Cannot read ${flag} ${path}: ${why}`);
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await Deno.readFile(path));
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound
      ? "there is no such file"
      : error instanceof TypeError
      ? "it is not UTF-8"
      : "it cannot be read";
    throw new UsageError(`Cannot read --credentials ${path}: ${why}; expected a CSV file`);
  }
}

/**
 * The rows of a credentials file for so many clients; further rows are checked and not kept.
 *
 * @throws UsageError for the first fault, with its line
 */
export function parseCredentials(text: string, path: string, clients: number): CredentialRows {
  const rows = csvRows(text, path);
  const header = rows.next();
  const columns = columnsOf(header.done ? [] : header.value.fields, path);
  const writer = new CredentialRowsWriter(columns, Buffer.byteLength(text));
  const lines = new Map<string, number>();
  const idAt = columns.indexOf("client_id");
  for (const row of rows) {
    checkRow(row, columns, path);
    const id = row.fields[idAt]!;
    const first = lines.get(id);
    if (first !== undefined) {
      refuse(path, row, `client_id ${JSON.stringify(id)} is on line ${first} already; each client needs its own`);
    }
    lines.set(id, row.line);
    if (lines.size <= clients) writer.add(row.fields);
  }
  if (lines.size >= clients) return writer.rows();
  throw new UsageError(
    `Cannot use --credentials ${path} for ${formatCount(clients)} clients: it has ${formatCount(lines.size)} rows; ` +
      "expected a row for each client, or fewer --clients",
  );
}

function refuse(path: string, { line }: CsvRow, fault: string): never {
  throw new UsageError(`Cannot use --credentials ${path}, line ${formatCount(line)}: ${fault}`);
}

function columnsOf(fields: readonly string[], path: string): readonly CredentialColumn[] {
  const names = fields.map((field) => field.trim().toLowerCase());
  const fault = (text: string): never => {
    throw new UsageError(
      `Cannot use --credentials ${path}: ${text}; expected a first line with client_id and any of ` +
        `${credentialColumns.slice(1).join(", ")}`,
    );
  };
  const strange = names.find((name) => !(credentialColumns as readonly string[]).includes(name));
  if (names.length === 0) fault("it is empty");
  if (strange !== undefined) fault(`there is no column ${JSON.stringify(strange)}`);
  if (!names.includes("client_id")) fault("the column client_id is missing");
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice !== undefined) fault(`the column ${twice} is there twice`);
  if (names.includes("cert") !== names.includes("key")) fault("of the columns cert and key, one is missing");
  return names as CredentialColumn[];
}

function checkRow(row: CsvRow, columns: readonly CredentialColumn[], path: string): void {
  const { fields } = row;
  if (fields.length !== columns.length) {
    refuse(path, row, `it has ${fields.length} fields, and the first line has ${columns.length}`);
  }
  for (const [place, column] of columns.entries()) {
    const field = fields[place]!;
    if (field === "" && column === "client_id") refuse(path, row, "client_id is empty");
    if (column !== "password" && field.includes("\0")) refuse(path, row, `${column} contains NUL`);
    // A text of so many units may have more bytes.
    if (field.length > mostTextBytes / 3 && new TextEncoder().encode(field).length > mostTextBytes) {
      refuse(path, row, `${column} has more than ${formatCount(mostTextBytes)} bytes`);
    }
  }
  const [cert, key] = ["cert", "key"].map((name) => fields[columns.indexOf(name as CredentialColumn)] ?? "");
  if ((cert === "") !== (key === "")) refuse(path, row, "of cert and key, one is empty");
}

/**
 * Checks the certificate and the key of each client.
 *
 * @param pairOf the files of a client; undefined where it has none
 * @throws UsageError for the first unusable file, with its client
 */
export async function checkPairs(
  plan: FleetPlan,
  pairOf: (client: number) => { readonly cert: string; readonly key: string } | undefined,
  keyPassphrase?: string,
): Promise<void> {
  const done = new Set<string>();
  for (let client = 0; client < plan.clients; client++) {
    const pair = pairOf(client);
    if (pair === undefined || done.has(`${pair.cert}\0${pair.key}`)) continue;
    done.add(`${pair.cert}\0${pair.key}`);
    try {
      if (done.size <= mostParsedPairs) await readTlsClientFiles({ ...pair, keyPassphrase });
      else for (const path of [pair.cert, pair.key]) (await Deno.open(path)).close();
    } catch (error) {
      const why = error instanceof UsageError ? error.message : `Cannot read ${pair.cert} and ${pair.key}`;
      throw new UsageError(`${why} (row ${formatCount(client + 1)}, of client ${formatCount(client)})`);
    }
  }
}
