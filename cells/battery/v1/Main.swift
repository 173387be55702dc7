import BatteryCell
import NimmerBusNATS
import NimmerCell

@main
struct Main {
    static func main() async { await Batteries.run(on: NATS.connector) }
}
