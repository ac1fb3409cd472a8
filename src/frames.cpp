#include "frames.h"

#include "packet/arp.h"
#include "packet/ndp.h"

namespace vippy::hall {

namespace {

using core::Advertise;
using core::AdvertiseForm;

template <typename Message>
void append(Frames& out, const Message& message) {
  auto& frame = out.frames[out.count++];
  frame.size = packet::encode(message, frame.octets);
}

Frames arp_frames(const Advertise& what) {
  Frames out;
  const auto vip = what.vip.v4();
  switch (what.form) {
    case AdvertiseForm::everyone:
      // Some hosts learn from requests only, some switches let only replies through.
      append(out, packet::arp_announcement(vip, what.mac));
      append(out, packet::arp_reply_announcement(vip, what.mac));
      return out;
    case AdvertiseForm::directed:
      append(out, packet::arp_reply(vip, what.mac, what.host.v4(), what.host_mac));
      return out;
    case AdvertiseForm::ask_everyone:
      append(out,
             packet::arp_request(vip, what.mac, what.host.v4(), core::Mac::broadcast()));
      return out;
  }
  return out;
}

Frames ndp_frames(const Advertise& what) {
  Frames out;
  const auto vip = what.vip.v6();
  const auto router = what.is_router ? packet::RouterFlag::yes : packet::RouterFlag::no;
  switch (what.form) {
    case AdvertiseForm::everyone:
      append(out, packet::ndp_announcement(vip, what.mac, router));
      return out;
    case AdvertiseForm::directed:
      append(out, packet::ndp_advertisement(vip, what.mac, router, what.host.v6(), what.host_mac));
      return out;
    case AdvertiseForm::ask_everyone:
      append(out, packet::ndp_solicitation(vip, what.mac, what.host.v6(), std::nullopt));
      return out;
  }
  return out;
}

}  // namespace

Frames frames_of(const Advertise& advertise) {
  return advertise.vip.is_v4() ? arp_frames(advertise) : ndp_frames(advertise);
}

}  // namespace vippy::hall
