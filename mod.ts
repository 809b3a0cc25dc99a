/**
 * mqtt-sim as a library: a broker to start in tests, which reports the fate of each will as it happens and can publish
 * wrong wills on purpose; a fleet of virtual clients to kill, and a report of the fate of its wills; and a check of any
 * broker against the standard. `docs/library.md` has an example of each; they are tests.
 *
 * @module
 */
export type { AuthClient, Authenticator, AuthExchange, Step as AuthStep } from "./src/auth/exchange.ts";
export { InvariantError, ProtocolError, UsageError } from "./src/base/failure.ts";
export { Histogram, type HistogramRow } from "./src/base/histogram.ts";
export { Broker, type BrokerOptions } from "./src/broker/broker.ts";
export type { Ending, EndingKind } from "./src/broker/options/ending.ts";
export type {
  BrokerEvent,
  BrokerEventType,
  BrokerListener,
  ConnectionEvent,
  WillEvent,
} from "./src/broker/options/events.ts";
export {
  faultKinds,
  type FaultShare,
  faultText,
  parseFaults,
  type SeededFaultKind,
} from "./src/broker/fault/fault_mix.ts";
export { SeededFault, type SeededFaultOptions } from "./src/broker/fault/seeded_fault.ts";
export type { LoginFailure } from "./src/broker/access/login_failure.ts";
export type { BrokerMetrics, DropReason, OperatorAction } from "./src/broker/limits/metrics.ts";
export type {
  ClientStatus,
  QueueTotals,
  StatusFilter,
  StatusPage,
  StatusQuery,
  WillStatus,
} from "./src/broker/monitor/status.ts";
export {
  type Authorize,
  type BrokerLimits,
  type BrokerLogLevel,
  type CoreOptions,
  defaultLimits,
  type Login,
  type LoginAnswer,
  type SqliteOption,
  type StoreOption,
} from "./src/broker/options/options.ts";
export type { Trace, TraceOfClient } from "./src/broker/options/trace.ts";
export type { WillCopy, WillFault, WillInQuestion } from "./src/broker/options/will_fault.ts";
export { type KillMode, killModes, killModeText, type KillShare } from "./src/fleet/plan/kill_mode.ts";
export type {
  ClientGroup,
  ClusterNode,
  FleetPlan,
  FleetRun,
  GroupOwn,
  HiddenName,
  HoldPhase,
  KillPhase,
  KillRate,
  NodeLossPhase,
  PhasePlan,
  PlanRequest,
  ProtocolChoice,
  RestartPhase,
  ReturnPhase,
  Shard,
  Telemetry,
} from "./src/fleet/plan/plan.ts";
export { type CredentialColumn, credentialColumns, type CredentialRows } from "./src/fleet/plan/credential_rows.ts";
export { makePlan, planDefaults } from "./src/fleet/plan/make_plan.ts";
export type { FleetResult, Notice, Progress, RestartsResult } from "./src/fleet/result/result.ts";
export {
  type Instants,
  phases,
  type RunPhase,
  runPhases,
  type RunStage,
  type SquadPhase,
} from "./src/fleet/result/run_phase.ts";
export type {
  LatencyBucketCounts,
  LatencyRow,
  ModeCounts,
  RedeliveryCounts,
  TallyMode,
  WillCounts,
} from "./src/fleet/result/will_counts.ts";
export type { FaultKind, FaultSample, SlowLife, Timeline } from "./src/fleet/result/fault_sample.ts";
export type {
  StormKind,
  StormPoint,
  StormResult,
  StormsResult,
  UntilMs,
  WillRate,
  WillSpan,
} from "./src/fleet/result/storm_result.ts";
export type { FleetHooks, RunStart } from "./src/fleet/squad/fleet_hooks.ts";
export { runFleet } from "./src/fleet/run_fleet.ts";
export type { Bounds } from "./src/conformance/model/bounds.ts";
export {
  type Area,
  areaOf,
  areas,
  type BrokerFacts,
  type ConformanceCase,
  type Need,
} from "./src/conformance/case/case.ts";
export type { Protocol } from "./src/conformance/model/protocol.ts";
export { catalog } from "./src/conformance/catalog.ts";
export { CaseFailure, type CaseFault, NotTestable } from "./src/conformance/model/outcome.ts";
export { type DueWindow, Probe } from "./src/conformance/probe/probe.ts";
export { type PacketOf, type ProbeDeps, ProbeLink, type ReceivedPacket } from "./src/conformance/probe/probe_link.ts";
export type { ProbeEnd } from "./src/conformance/probe/probe_end.ts";
export type {
  Again,
  CaseOutcome,
  CaseResult,
  ConformanceResult,
  ControlResult,
  OutcomeCounts,
} from "./src/conformance/case/result.ts";
export { runConformance } from "./src/conformance/run_conformance.ts";
export type { ConformanceHooks, ConformanceRun, DeviationProfile } from "./src/conformance/check/conformance_run.ts";
export type { Selection } from "./src/conformance/check/select.ts";
export { CaseContext, type CheckLogin, type ConnectAsked } from "./src/conformance/context/case_context.ts";
export type { Transcript, TranscriptLine } from "./src/conformance/probe/transcript.ts";
export {
  type CheckReport,
  checkReportJson,
  checkReportSchema,
  makeCheckReport,
} from "./src/report/model/check_report.ts";
export { checkHtml } from "./src/report/html/check_html.ts";
export { checkJunit } from "./src/report/export/check_junit.ts";
export { checkMarkdown } from "./src/report/export/check_markdown.ts";
export { checkText, type CheckTextOptions } from "./src/report/terminal/check_text.ts";
export type { AwsCredentials, AwsSigning } from "./src/net/aws_signature.ts";
export { type Endpoint, parseEndpoint, type Transport } from "./src/net/endpoint.ts";
export type { WebHandshake } from "./src/net/web_handshake.ts";
export type { ChosenEngine, EngineChoice, EngineName } from "./src/net/engine.ts";
export {
  type ClientAuth,
  clientAuths,
  readTlsFiles,
  type TlsFiles,
  type TlsIdentity,
} from "./src/net/tls/tls_identity.ts";
export {
  AccessControl,
  type AccessFiles,
  type LoginToJudge,
  type LoginVerdict,
} from "./src/broker/access/access_control.ts";
export { livesCsv, modeCsv } from "./src/report/export/csv.ts";
export { reportHdrLog } from "./src/report/export/hdr_log.ts";
export { reportHtml } from "./src/report/html/html.ts";
export { reportJson } from "./src/report/export/json.ts";
export { reportJunit } from "./src/report/export/junit.ts";
export { reportMarkdown } from "./src/report/export/markdown.ts";
export { mergeReports, type NamedReport } from "./src/report/model/merge_reports.ts";
export type { Gathered, PartRow, PartsResult } from "./src/report/model/parts/parts_result.ts";
export {
  makeReport,
  type Report,
  type ReportContext,
  reportSchema,
  type ThresholdResult,
  type Tool,
} from "./src/report/model/report.ts";
export { colourStyle, plainStyle, type Style } from "./src/report/terminal/style.ts";
export { reportText, type TextOptions } from "./src/report/terminal/text.ts";
export type { Clock } from "./src/base/clock.ts";
export type { Action, Principal } from "./src/broker/access/acl.ts";
export type { Identity, NameProof } from "./src/broker/access/identity.ts";
export type { Rechecked } from "./src/broker/handle/recheck.ts";
export type { KnownLimits } from "./src/conformance/model/known_limits.ts";
export type { TimedWorld, World } from "./src/net/world.ts";
export type { SentMessage } from "./src/conformance/probe/message_compare.ts";
export type { SideFault } from "./src/conformance/probe/packet_faults.ts";
export type { Patience } from "./src/conformance/probe/patience.ts";
export type { LifeRow } from "./src/fleet/ledger/life_row.ts";
export type { EndMode } from "./src/fleet/life/life.ts";
export type { RecordSink } from "./src/fleet/recording/run_record.ts";
export type { CanaryCounts } from "./src/fleet/result/canary_counts.ts";
export type { DeviationCounts, ProfileFindings } from "./src/fleet/result/deviation_counts.ts";
export type { GroupCounts, GroupResult, NodeCell, NodeCounts } from "./src/fleet/result/group_result.ts";
export {
  type PresenceCounts,
  type PresenceData,
  type PresenceMoment,
  presenceMoments,
  type PresenceResult,
  type PresenceWave,
  type PresenceWordCounts,
} from "./src/fleet/result/presence_result.ts";
export {
  type AssertionCounts,
  type SentAndSeen,
  type SparkplugAssertion,
  sparkplugAssertions,
  type SparkplugResult,
} from "./src/fleet/result/sparkplug/sparkplug_result.ts";
export type { EarlyCloses, Remarks, ShortSessions } from "./src/fleet/result/remarks.ts";
export type { RestartResult } from "./src/fleet/result/restart_result.ts";
export type { SeriesFaults, SeriesLatency, SeriesPoint } from "./src/fleet/result/series_data.ts";
export type { FaultBatch } from "./src/fleet/result/fault_sample.ts";
export type { ClientCounters } from "./src/fleet/result/client_counters.ts";
export {
  type DueVerdict,
  dueVerdicts,
  type ModeDetail,
  type ProgressDetail,
  type SurplusKind,
  surplusKinds,
} from "./src/fleet/result/progress_detail.ts";
export type { TelemetryByGroup, TelemetryCounts, TelemetryResult } from "./src/fleet/result/telemetry_result.ts";
export type { Commanded, OutageRunner, RestartBroker } from "./src/fleet/squad/outage_commands.ts";
export type { PacketFault } from "./src/mqtt/codec/lenient.ts";
export type { PlainValue } from "./src/mqtt/codec/property_table.ts";
export type {
  AcknowledgePacket,
  AuthPacket,
  ConnackPacket,
  ConnackProperties,
  ConnectPacket,
  ConnectProperties,
  ConnectWill,
  DisconnectPacket,
  MessageProperties,
  Packet,
  PacketType,
  PingreqPacket,
  PingrespPacket,
  ProtocolVersion,
  PublishPacket,
  PublishProperties,
  QoS,
  ReasonProperties,
  SubackPacket,
  SubscribePacket,
  Subscription,
  UnsubackPacket,
  UnsubscribePacket,
  UserProperty,
} from "./src/mqtt/packet.ts";
export type { ProxyTarget } from "./src/net/proxy/proxy_target.ts";
export type {
  AwaitedHeader,
  DialReceiver,
  HeaderFault,
  Link,
  LinkEnd,
  LinkEnds,
  LinkReceiver,
} from "./src/net/link.ts";
export type { PacketReceiver } from "./src/net/packet_stream.ts";
export type { TlsDialOptions } from "./src/net/tls/tls_dial.ts";
export type {
  CaseFaultKind,
  CaseSign,
  Deviation,
  Evidence,
  RuleNumbers,
  Sign,
  SignFault,
  StandardVersion,
} from "./src/profiles/profile.ts";
export type { VersionRange } from "./src/profiles/version_range.ts";
export type { Operator as ThresholdOperator, Threshold } from "./src/report/model/threshold.ts";
export { type OptionName, planOptions } from "./src/fleet/plan/plan_options.ts";
