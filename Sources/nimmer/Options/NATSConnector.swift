// Stands in until NimmerBusNATS has its connector.
import NimmerBus
enum NATS { static let connector: BusConnector = { _ throws(BusError) in throw BusError(.notConnected, "stub") } }
