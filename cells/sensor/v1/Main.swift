import NimmerBusNATS
import NimmerCell
import NimmerSystemFile
import SensorCell

@main
enum Main {
    static func main() async { await Sensor.run(on: NATS.connector, reading: YAML.reader) }
}
