package example;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs steps; tells each as a line of JSON, and logs what failed as the components log it. */
final class Steps {
    private static final Logger LOG = LoggerFactory.getLogger(Steps.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    private boolean allSucceeded = true;

    /** A step failed without which there is no going on; it was told. */
    static final class Failed extends Exception {
        private static final long serialVersionUID = 1;
    }

    boolean allSucceeded() {
        return allSucceeded;
    }

    /** A step of the start: its failure ends it. */
    void must(String name, Callable<?> step) throws Failed {
        if (!run(name, step)) {
            throw new Failed();
        }
    }

    /** Any other step: its failure is logged. */
    boolean run(String name, Callable<?> step) {
        try {
            tell("step", name, "saw", step.call());
            return true;
        } catch (Exception failure) {
            failed("step", name, failure);
            return false;
        }
    }

    void failed(String key, String name, Exception failure) {
        allSucceeded = false;
        LOG.error("{} failed", name, failure);
        tell(key, name, "error", causes(failure));
    }

    /** A line of JSON: a key, a value, and so on. */
    static void tell(Object... keysAndValues) {
        Map<Object, Object> line = new LinkedHashMap<>();
        for (int index = 0; index < keysAndValues.length; index += 2) {
            line.put(keysAndValues[index], keysAndValues[index + 1]);
        }
        try {
            System.out.println(JSON.writeValueAsString(line));
        } catch (JsonProcessingException error) {
            throw new IllegalStateException(error);
        }
    }

    /** The exception and what caused it, as the head lines of its stack trace show them. */
    private static List<String> causes(Throwable failure) {
        List<String> causes = new ArrayList<>();
        for (Throwable cause = failure; cause != null && causes.size() < 10; cause = cause.getCause()) {
            causes.add(cause.toString());
        }
        return causes;
    }
}
