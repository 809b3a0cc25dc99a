/**
 * The file of a store: opens, locks, checks and migrates it, or refuses it in one sentence without writing to it. Only
 * this file imports node:sqlite.
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { UsageError } from "../../base/failure.ts";
import { defaultOptions, type SqliteOption } from "../options/options.ts";
import { applicationId, migrations, schemaVersion } from "./schema.ts";
import { StoreError } from "./store.ts";

export type Statement = StatementSync;

/** Values of a row by column. */
export type Row = Readonly<Record<string, unknown>>;

/** The SQLite result codes that have their own sentence. Source: sqlite.org/rescode.html */
const code = { busy: 5, readonly: 8, corrupt: 11, full: 13, cannotOpen: 14, notADatabase: 26 } as const;

/** A file, and for tests the schema version to create. */
type FileOption = SqliteOption & { readonly version?: number };

export class Database {
  readonly #sqlite: DatabaseSync;
  readonly #begin: Statement;
  readonly #commit: Statement;

  private constructor(sqlite: DatabaseSync) {
    this.#sqlite = sqlite;
    this.#begin = sqlite.prepare("BEGIN IMMEDIATE");
    this.#commit = sqlite.prepare("COMMIT");
  }

  /** Opens or creates the file. @throws UsageError if it cannot be opened, is not a store, or has a newer version */
  static open(option: FileOption): Database {
    let sqlite: DatabaseSync | undefined;
    try {
      keepPrivate(option.path);
      sqlite = new DatabaseSync(option.path);
      checkFile(sqlite);
      settle(sqlite, option);
      return new Database(sqlite);
    } catch (error) {
      sqlite?.close();
      throw new UsageError(`Cannot open store "${option.path}": ${openFault(error)}`);
    }
  }

  prepare(sql: string): Statement {
    return this.#sqlite.prepare(sql);
  }

  /** Runs the action as one transaction. @throws StoreError if the commit fails; then nothing of it is stored */
  transact(action: () => void): void {
    try {
      this.#begin.run();
      action();
      this.#commit.run();
    } catch (error) {
      this.#rollback();
      if (!isSqliteError(error)) throw error;
      throw new StoreError(error.message, primary(error) === code.full);
    }
  }

  close(): void {
    this.#sqlite.close();
  }

  #rollback(): void {
    if (this.#sqlite.isTransaction) this.#sqlite.exec("ROLLBACK"); // SQLite has already done so if the disk is full
  }
}

/**
 * Restricts the file to its owner, because it contains messages and wills: creates it, or changes its mode, before
 * SQLite opens it. SQLite gives the files beside it the same permissions.
 */
function keepPrivate(path: string): void {
  if (path === "" || path === ":memory:") return;
  try {
    Deno.openSync(path, { write: true, createNew: true, mode: 0o600 }).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists) || Deno.build.os === "windows") return;
    const { mode, isFile } = Deno.statSync(path);
    if (isFile && mode !== null && (mode & 0o077) !== 0) Deno.chmodSync(path, mode & 0o700);
  }
}

/** Checks without writing: an empty file may become a store; a store of this version or an older one is accepted. */
function checkFile(sqlite: DatabaseSync): void {
  sqlite.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA query_only = 1");
  const tables = number(sqlite, "SELECT count(*) FROM sqlite_schema");
  const id = number(sqlite, "PRAGMA application_id");
  const version = number(sqlite, "PRAGMA user_version");
  if (id !== applicationId && (tables > 0 || id !== 0)) throw new Refusal("it is not a store of mqtt-sim");
  if (version > schemaVersion) {
    throw new Refusal(
      `it has version ${version}, but this mqtt-sim reads up to ${schemaVersion}; use a newer mqtt-sim`,
    );
  }
  const damage = sqlite.prepare("PRAGMA quick_check(1)").get()!.quick_check;
  if (damage !== "ok") {
    throw new Refusal(`it is damaged (${damage}); restore a copy, or move it away to start with an empty store`);
  }
  sqlite.exec("PRAGMA query_only = 0");
}

/** Locks the file for as long as it is open, and migrates the tables. */
function settle(
  sqlite: DatabaseSync,
  { outlives = defaultOptions.outlives, pagesLimit, version: wanted }: FileOption,
): void {
  sqlite.exec("PRAGMA journal_mode = WAL");
  sqlite.exec(`PRAGMA synchronous = ${outlives === "power" ? "FULL" : "NORMAL"}`);
  if (pagesLimit !== undefined) sqlite.exec(`PRAGMA max_page_count = ${pagesLimit}`);
  sqlite.exec("BEGIN IMMEDIATE");
  const version = number(sqlite, "PRAGMA user_version");
  for (const step of migrations.slice(version, wanted)) sqlite.exec(step);
  if (version < schemaVersion) {
    sqlite.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${wanted ?? schemaVersion}`);
  }
  sqlite.exec("COMMIT");
}

/** The reason for refusing a file, as text for users. */
class Refusal extends Error {}

interface SqliteError extends Error {
  readonly errcode: number;
}

function isSqliteError(error: unknown): error is SqliteError {
  return error instanceof Error && (error as { code?: string }).code === "ERR_SQLITE_ERROR";
}

/** The primary result code. */
function primary({ errcode, message }: SqliteError): number {
  if (errcode !== undefined) return errcode & 0xff;
  return message.includes("locked") ? code.busy : code.cannotOpen; // Deno omits the code in some calls
}

function openFault(error: unknown): string {
  if (error instanceof Refusal) return error.message;
  if (!isSqliteError(error)) return error instanceof Error ? error.message : String(error);
  switch (primary(error)) {
    case code.busy:
      return "another process has it open; stop that process, or choose another path";
    case code.corrupt:
      return `it is damaged (${error.message}); restore a copy, or move it away to start with an empty store`;
    case code.notADatabase:
      return "it is not a store of mqtt-sim";
    case code.full:
      return "no space left; free some space, or choose another path";
    case code.readonly:
      return "it is not writable; change its permissions, or choose another path";
    default:
      return `${error.message}; expected a path in an existing, writable directory`;
  }
}

function number(sqlite: DatabaseSync, sql: string): number {
  return Number(Object.values(sqlite.prepare(sql).get()!)[0]);
}
