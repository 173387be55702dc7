import NimmerBusNATS
import NimmerCell
import NimmerSystemFile
import VitalsCell
import VitalsMachine

@main
struct Main {
    static func main() async { await Vitals<Machine>.run(on: NATS.connector, reading: YAML.reader) }
}
