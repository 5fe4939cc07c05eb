use super::*;

/// Plays a conversation. `>` precedes client tags and `<` precedes server tags. After a group, `.` asserts that
/// everything is answered, `!` that it is not, and `+` that the server waits for COPY data.
fn play(conversation: &str) {
    let mut tracker = RequestTracker::default();
    let mut from_client = true;
    for (position, symbol) in conversation.char_indices() {
        let so_far = &conversation[..=position];
        match symbol {
            ' ' => {}
            '>' => from_client = true,
            '<' => from_client = false,
            '.' => assert!(tracker.is_answered(), "after {so_far}: {tracker:?}"),
            '!' => {
                assert!(!tracker.is_answered(), "after {so_far}: {tracker:?}");
                assert!(!tracker.is_copying_in(), "after {so_far}: {tracker:?}");
            }
            '+' => {
                assert!(!tracker.is_answered(), "after {so_far}: {tracker:?}");
                assert!(tracker.is_copying_in(), "after {so_far}: {tracker:?}");
            }
            tag if from_client => tracker.client_sent(u8::try_from(tag).unwrap()),
            tag => tracker.server_sent(u8::try_from(tag).unwrap()),
        }
    }
}

#[test]
fn a_session_without_requests_is_answered() {
    play(".");
    play("<A. <S. <N.");
}

#[test]
fn a_query_is_answered_by_ready_for_query() {
    play(">Q! <T! <D! <C! <Z.");
    play(">Q! <E! <Z.");
    play(">Q! <I! <Z.");
    play(">F! <V! <Z.");
}

#[test]
fn consecutive_queries_are_answered_one_by_one() {
    play(">QQQ! <CZ! <CZ! <CZ.");
}

#[test]
fn each_sync_of_a_pipeline_counts() {
    play(">PBDES PBDES PBDES! <12TCZ! <12TCZ! <12TCZ.");
}

#[test]
fn messages_without_a_sync_are_answered_by_their_responses() {
    play(">PDH! <1! <t! <T. >BEH! <2! <DDD! <s. >EH! <C. >S! <Z.");
    play(">PDH! <1tn. >CH! <3. >S! <Z.");
    play(">BEH! <2I. >S! <Z.");
}

#[test]
fn messages_after_a_sync_are_answered_only_after_it() {
    play(">PBES! >PBEH! <12C! <Z! <12! <C. >S! <Z.");
}

#[test]
fn an_error_answers_everything_up_to_the_next_sync() {
    play(">PBDEH! <1! <E. >BEH. >S! <Z.");
    play(">PBES PBES! <E! <Z! <12CZ.");
    play(">PBEH! <12E. >Q. >S! <Z. >Q! <CZ.");
}

#[test]
fn a_fatal_error_while_idle_leaves_nothing_unanswered() {
    play("<E.");
    play(">Q! <E!");
}

#[test]
fn a_copy_in_is_answered_after_its_end() {
    play(">Q! <G+ >d+ >dd+ >c! <C! <Z.");
    play(">Q! <G+ >d+ >f! <E! <Z.");
    play(">Q! <G+ >d+ <E! <Z. >d. >c. >Q! <CZ.");
    play(">Q! <G+ >dc! <C! <G+ >dc! <C! <Z.");
}

#[test]
fn a_copy_out_is_answered_after_its_end() {
    play(">Q! <H! <dd! <c! <C! <Z.");
    play(">PBEH! <12H! <dd! <c! <C. >S! <Z.");
}

#[test]
fn a_sync_that_copy_in_mode_ignores_is_not_waited_for() {
    // libpq sends one Sync with Execute and one with CopyDone.
    play(">PBDES! <12nG+ >ddd+ >c! >S! <C! <Z. >PBES! <12CZ.");
    play(">PBES! <12G+ >d+ <E. >d. >cS! <Z.");
    play(">PBEH! <12G+ >dd+ >S+ >c! >S! <CZ.");
}

#[test]
fn a_sync_after_an_early_copy_done_is_waited_for() {
    play(">PBE ddd c S! <12G! <C! <Z.");
    play(">PBES ddd c S! <12G! <C! <Z.");
    play(">Q ddd c! <G! <C! <Z.");
    play(">PBES PBE ddd c S! <12CZ! <12G! <C! <Z.");
}

#[test]
fn a_late_copy_done_does_not_end_the_next_copy() {
    play(">Q! <G+ <E! <Z. >dc. >Q! <G+ >dc! <C! <Z.");
    play(">PBES! <12G+ <E. >cS! <Z. >PBES! <12G+ >cS! <CZ.");
}

#[test]
fn a_copy_that_fails_immediately_answers_the_sync_that_was_sent_with_it() {
    play(">PBES! <12G+ <E. <Z. >cS! <Z. >Q! <CZ.");
}

#[test]
fn a_replication_stream_lasts_until_ready_for_query() {
    play(">Q! <W! >d! <d! >c! <c! <C! <C! <Z.");
    let mut tracker = RequestTracker::default();
    tracker.client_sent(b'Q');
    assert!(!tracker.is_streaming());
    tracker.server_sent(b'W');
    assert!(tracker.is_streaming());
    tracker.server_sent(b'Z');
    assert!(!tracker.is_streaming() && tracker.is_answered());
}

#[test]
fn counts_pipelines_of_more_than_64_round_trips() {
    let mut tracker = RequestTracker::default();
    for _ in 0..1_000 {
        "PBES".bytes().for_each(|tag| tracker.client_sent(tag));
    }
    for _ in 0..1_000 {
        assert!(!tracker.is_answered());
        "12CZ".bytes().for_each(|tag| tracker.server_sent(tag));
    }
    assert!(tracker.is_answered());
}
