// A cell is one file with one import: the names that its author writes come with it, and no others. The attribute is the compiler's
// only way to export them, and underscored only because its spelling may change.

// Being a process.
@_exported import struct NimmerProcess.Manifest
@_exported import struct NimmerProcess.NoOptions
@_exported import struct NimmerProcess.ProcessFailure
@_exported import protocol NimmerProcess.ProcessOptions
@_exported import enum NimmerProcess.Role
@_exported import struct NimmerProcess.ServiceProcess
@_exported import struct NimmerProcess.Setting
@_exported import enum NimmerProcess.SettingValue
@_exported import struct NimmerProcess.Settings

// What comes in and goes out.
@_exported import struct NimmerBus.BusMessage
@_exported import enum NimmerWave.ChangeDirection
@_exported import enum NimmerWave.ChangeEdge
@_exported import struct NimmerWave.ChangeEvent
@_exported import struct NimmerWave.Command
@_exported import struct NimmerWave.CommandResult
@_exported import enum NimmerWave.Environment
@_exported import struct NimmerWave.Field
@_exported import enum NimmerWave.FieldKind
@_exported import enum NimmerWave.GateState
@_exported import struct NimmerWave.GateTransition
@_exported import enum NimmerWave.JSON
@_exported import struct NimmerWave.JSONObject
@_exported import struct NimmerWave.NerveState
@_exported import struct NimmerWave.Refusal
@_exported import struct NimmerWave.Region
@_exported import struct NimmerWave.Subject
@_exported import struct NimmerWave.SubjectPattern
@_exported import struct NimmerWave.Timestamp
@_exported import struct NimmerWave.Token
@_exported import struct NimmerWave.WaveSignal

// The level of a log line.
@_exported import struct Logging.Logger
