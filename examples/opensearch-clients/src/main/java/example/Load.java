package example;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** A steady load. Each change between success and failure is told at once, and all numbers at the end. */
final class Load {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private final Application application;
    private final Steps steps;
    private Boolean succeeds;
    private int errors;

    Load(Application application, Steps steps) {
        this.application = application;
        this.steps = steps;
    }

    void run(Duration length, int requestsPerSecond) {
        long begun = System.nanoTime();
        long requests = length.toSeconds() * requestsPerSecond;
        for (int number = 0; number < requests; number++) {
            LockSupport.parkNanos(begun + number * SECOND / requestsPerSecond - System.nanoTime());
            request(number);
        }
        Steps.tell("load", "over", "requests", requests, "errors", errors);
    }

    private void request(int number) {
        try {
            application.request(number);
            if (!Boolean.TRUE.equals(succeeds)) {
                Steps.tell("load", "succeeds", "request", number);
            }
            succeeds = true;
        } catch (IOException | RuntimeException failure) {
            errors++;
            if (!Boolean.FALSE.equals(succeeds)) {
                steps.failed("load", "request " + number, failure);
            }
            succeeds = false;
        }
    }
}
