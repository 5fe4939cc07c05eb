package example;

import java.io.IOException;

/** What a component of Camunda does with OpenSearch. */
interface Application extends AutoCloseable {
    /** What it needs before anything else, its schema; without it the component does not start. */
    void start(Steps steps) throws Steps.Failed;

    /** Its work, once, and tidying up. */
    void work(Steps steps);

    /** One request of those that it sends all the time. */
    void request(int number) throws IOException;

    @Override
    void close() throws IOException;
}
