import MultivariateCell
import NimmerBusNATS
import NimmerCell
import NimmerSystemFile

@main
enum Main {
    static func main() async { await Multivariate.run(on: NATS.connector, reading: YAML.reader) }
}
