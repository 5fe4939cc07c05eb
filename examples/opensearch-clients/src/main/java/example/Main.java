package example;

import java.time.Duration;
import java.util.Map;

/**
 * Drives OpenSearch as a component of Camunda does, configured by the component's own variables.
 *
 * <pre>
 * java -cp classes:lib/* example.Main operate          # its start and its work, once
 * java -cp classes:lib/* example.Main zeebe 60 5       # its start, then 5 requests a second for 60 seconds
 * </pre>
 *
 * <p>Where the variables say that requests shall be signed for AWS, <code>signing/*</code> must be on the class path.
 *
 * <p>Standard output has a line of JSON for each step; the log, with the exceptions as the clients throw them, goes to
 * standard error. The exit code is 0 if every step succeeded.
 */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) throws Exception {
        Steps steps = new Steps();
        try (Application application = application(arguments[0], System.getenv())) {
            application.start(steps);
            if (arguments.length == 3) {
                Duration length = Duration.ofSeconds(Long.parseLong(arguments[1]));
                new Load(application, steps).run(length, Integer.parseInt(arguments[2]));
            } else {
                application.work(steps);
            }
        } catch (Steps.Failed start) {
            // Told already: the component would not start.
        }
        System.exit(steps.allSucceeded() ? 0 : 1);
    }

    private static Application application(String name, Map<String, String> environment) {
        return switch (name) {
            case "operate" -> new Operate(environment);
            case "zeebe" -> new ZeebeExporter(environment);
            default -> throw new IllegalArgumentException("operate or zeebe, not " + name);
        };
    }
}
