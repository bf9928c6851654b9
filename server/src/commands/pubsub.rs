//! Channels: SUBSCRIBE, PSUBSCRIBE, UNSUBSCRIBE, PUNSUBSCRIBE, PUBLISH, PUBSUB.
//!
//! A message is made once for each protocol that its receivers speak, and they share it.

use std::sync::Arc;

use super::{Call, Failure, Outcome};
use crate::protocol::{Protocol, Replies};
use crate::state::{Limit, Topic};

fn verbs(topic: Topic) -> (&'static str, &'static str) {
    match topic {
        Topic::Channel => ("subscribe", "unsubscribe"),
        Topic::Pattern => ("psubscribe", "punsubscribe"),
    }
}

/// `SUBSCRIBE channel [channel …]`
pub fn subscribe(call: &mut Call<'_, '_>) -> Outcome {
    listen(call, Topic::Channel);
    Ok(())
}

/// `PSUBSCRIBE pattern [pattern …]`
pub fn psubscribe(call: &mut Call<'_, '_>) -> Outcome {
    listen(call, Topic::Pattern);
    Ok(())
}

fn listen(call: &mut Call<'_, '_>, topic: Topic) {
    for name in call.args.from(1) {
        if call.session.subscriptions.of(topic).insert(name.into()) {
            let client = &call.session.client;
            call.state.channels.subscribe(topic, name, client);
        }
        confirm(call, verbs(topic).0, Some(name));
    }
    call.session.note_subscriptions();
}

/// Tells what was begun or ended, and how many channels and patterns there are then.
fn confirm(call: &mut Call<'_, '_>, verb: &str, name: Option<&[u8]>) {
    let left = call.session.subscriptions.len();
    let start = call.replies.len();
    call.replies.push(3);
    call.replies.bulk(verb.as_bytes());
    match name {
        Some(name) => call.replies.bulk(name),
        None => call.replies.null(),
    }
    call.replies.count(left);
    call.session.note_pushed(start, call.replies);
}

/// `UNSUBSCRIBE [channel …]`
pub fn unsubscribe(call: &mut Call<'_, '_>) -> Outcome {
    leave(call, Topic::Channel);
    Ok(())
}

/// `PUNSUBSCRIBE [pattern …]`
pub fn punsubscribe(call: &mut Call<'_, '_>) -> Outcome {
    leave(call, Topic::Pattern);
    Ok(())
}

/// A client counts on no message of a channel behind the word that it has left it, so all that came are written
/// before that.
fn leave(call: &mut Call<'_, '_>, topic: Topic) {
    let verb = verbs(topic).1;
    let names: Vec<Box<[u8]>> = if call.args.len() > 1 {
        call.args.from(1).map(Into::into).collect()
    } else {
        let all = call.session.subscriptions.of(topic).iter();
        all.cloned().collect()
    };
    for name in &names {
        if call.session.subscriptions.of(topic).contains(name) {
            let client = &call.session.client;
            call.state.channels.unsubscribe(topic, name, client);
        }
    }
    call.write_mail();
    for name in &names {
        call.session.subscriptions.of(topic).remove(name);
        confirm(call, verb, Some(name));
    }
    if names.is_empty() {
        confirm(call, verb, None);
    }
    call.session.note_subscriptions();
}

/// A message, as a client of either protocol gets it.
#[derive(Default)]
struct Message {
    resp2: Option<Arc<[u8]>>,
    resp3: Option<Arc<[u8]>>,
}

impl Message {
    fn bytes(
        &mut self,
        protocol: Protocol,
        pattern: Option<&[u8]>,
        channel: &[u8],
        text: &[u8],
    ) -> &Arc<[u8]> {
        let made = match protocol {
            Protocol::Resp2 => &mut self.resp2,
            Protocol::Resp3 => &mut self.resp3,
        };
        made.get_or_insert_with(|| {
            let mut replies = Replies::new(protocol);
            match pattern {
                None => {
                    replies.push(3);
                    replies.bulk(b"message");
                }
                Some(pattern) => {
                    replies.push(4);
                    replies.bulk(b"pmessage");
                    replies.bulk(pattern);
                }
            }
            replies.bulk(channel);
            replies.bulk(text);
            replies.take().into()
        })
    }
}

/// `PUBLISH channel message`
pub fn publish(call: &mut Call<'_, '_>) -> Outcome {
    let (channel, text) = (call.args.at(1), call.args.at(2));
    let bytes_max = call.state.settings.limits.bytes(Limit::PubsubBuffer);
    let Call {
        state,
        session,
        replies,
        ..
    } = call;
    let mut message = Message::default();
    let mut made_for: Option<Box<[u8]>> = None;
    let reached = state.channels.reach(channel, |pattern, client| {
        if made_for.as_deref() != pattern {
            message = Message::default();
            made_for = pattern.map(Into::into);
        }
        let bytes = message.bytes(client.protocol(), pattern, channel, text);
        if client.id == session.client.id {
            // What came before comes first.
            session.write_mail(replies);
            let start = replies.len();
            replies.append_bytes(bytes);
            session.note_pushed(start, replies);
        } else {
            client.deliver(bytes, bytes_max);
        }
    });
    call.replies.count(reached);
    Ok(())
}

/// A subcommand of `PUBSUB` with other arguments than it takes.
fn misused(name: &str) -> Failure {
    let text = format!(
        "ERR unknown subcommand or wrong number of arguments for '{name}'. Try PUBSUB HELP."
    );
    Failure::Quoting(text.into_bytes().into())
}

/// `PUBSUB CHANNELS [pattern]`
pub fn channels(call: &mut Call<'_, '_>) -> Outcome {
    if call.args.len() > 3 {
        let typed = String::from_utf8_lossy(call.args.at(1)).into_owned();
        return Err(misused(&typed));
    }
    let names = call.state.channels.names(call.args.get(2));
    call.replies.array(names.len());
    for name in names {
        call.replies.bulk(&name);
    }
    Ok(())
}

/// `PUBSUB NUMPAT`
pub fn numpat(call: &mut Call<'_, '_>) -> Outcome {
    call.replies.count(call.state.channels.patterns());
    Ok(())
}

/// `PUBSUB NUMSUB [channel …]`
pub fn numsub(call: &mut Call<'_, '_>) -> Outcome {
    let asked = call.args.from(2);
    call.replies.array(asked.len() * 2);
    for channel in asked {
        call.replies.bulk(channel);
        call.replies.count(call.state.channels.listeners(channel));
    }
    Ok(())
}
