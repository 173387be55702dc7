import BatteryCell
import BatteryMachine
import NimmerBusNATS
import NimmerCell
import NimmerSystemFile

@main
struct Main {
    static func main() async { await Batteries<PowerSupplyFolder>.run(on: NATS.connector, reading: YAML.reader) }
}
