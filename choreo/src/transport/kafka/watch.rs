//! The thread that watches over a connection: is the broker there, are there new partitions, which are
//! not read any more. Its questions block, so it is a thread and no task.

use std::time::{Duration, Instant};

use super::cluster::Partitions;
use super::consumer::Reading;

/// Between two questions while all is well.
const ROUND: Duration = Duration::from_secs(1);
/// The same while topics that are not there yet are waited for.
const REGEX_ROUND: Duration = Duration::from_millis(250);
/// The same while the connection is down.
const DOWN_ROUND: Duration = Duration::from_millis(100);

/// A broker that does not answer a question within this counts as lost.
const ANSWER_BOUND: Duration = Duration::from_secs(2);
/// How long the list of all topics may take.
const TOPICS_BOUND: Duration = Duration::from_secs(3);
/// How long the positions may take after the connection came back.
const RETURN_BOUND: Duration = Duration::from_secs(5);

/// The body of the thread; returns when the connection is closed.
pub(super) fn watch(reading: &Reading) {
    let link = &reading.cluster.link;
    let mut was_down = false;
    loop {
        let round = if link.is_down() {
            DOWN_ROUND
        } else if reading.routes.regexes().is_empty() {
            ROUND
        } else {
            REGEX_ROUND
        };
        let Some(errand) = link.next_errand(round) else {
            // Here, because it takes a moment, as the end of the receiving thread does.
            reading.cluster.forget_creator();
            return;
        };
        if errand.sweep {
            reading.sweep();
            if !errand.probe && !errand.out_of_range {
                continue;
            }
        }
        if link.is_down() && !was_down {
            was_down = true;
            reading.park();
            // Its connection may be half open, and nobody would notice.
            reading.cluster.forget_creator();
        }
        match look(reading) {
            Err(reason) => link.broke(&reason),
            Ok(topics) => {
                if was_down || errand.out_of_range {
                    let checked = reading.reposition(Instant::now() + RETURN_BOUND);
                    if let Err(reason) = checked {
                        tracing::debug!(reason, "the positions are not known yet");
                        // Once more, after a moment: it is an errand until it is done.
                        link.send(|again| again.out_of_range |= !was_down);
                        link.pause(DOWN_ROUND);
                        continue;
                    }
                }
                for (topic, partitions) in topics {
                    if let Err(reason) = reading.grow(&topic, &partitions) {
                        link.refused(&format!("cannot read `{topic}`: {reason}"));
                    }
                }
                if was_down {
                    was_down = false;
                    link.restored();
                }
            }
        }
    }
}

/// Asks for the topics that matter, which is also the question whether the broker is there.
fn look(reading: &Reading) -> Result<Vec<(String, Partitions)>, String> {
    let names = reading.routes.topics();
    if !reading.routes.regexes().is_empty() {
        reading.cluster.ask_anyone(ANSWER_BOUND)?;
        // Many topics take longer than a sign of life.
        return Ok(reading
            .cluster
            .topics(TOPICS_BOUND)
            .unwrap_or_else(|reason| {
                tracing::debug!(reason, "the topics are not known yet");
                Vec::new()
            }));
    }
    if names.is_empty() {
        reading.cluster.ask_anyone(ANSWER_BOUND)?;
    }
    let mut found = Vec::with_capacity(names.len());
    for (name, _) in names {
        if let Some(partitions) = reading.cluster.look_at(&name, ANSWER_BOUND)? {
            found.push((name.to_string(), partitions));
        }
    }
    Ok(found)
}
