import DistanceCell
import DistanceMachine
import NimmerBusNATS
import NimmerCell
import NimmerSystemFile

@main
struct Main {
    static func main() async { await Distance<LineFile>.run(on: NATS.connector, reading: YAML.reader) }
}
