/**
 * The udev rule that lets the person at the machine use FIDO keys over USB on Linux.
 *
 * It runs after `60-fido-id.rules` (systemd 244 and newer tell FIDO keys by themselves) and before
 * `73-seat-late.rules`, which turns the tag `uaccess` into access for whoever sits at the machine. Where there is no
 * `fido_id`, the rule looks at the start of the report descriptor itself: usage page 0xF1D0, the FIDO Alliance's
 * (CTAP 2.2 §11.2.8.1). So no list of vendors is needed on any system.
 */
export const UDEV_RULE_FILE = '70-keystile-fido.rules';

/** Where a person puts the rule. */
export const UDEV_RULE_PATH = `/etc/udev/rules.d/${UDEV_RULE_FILE}`;

/** Text of the rule's file. */
export const UDEV_RULE = `# Access to FIDO security keys for the person at the machine. Install as ${UDEV_RULE_PATH}
ACTION=="remove", GOTO="keystile_fido_end"
SUBSYSTEM!="hidraw", GOTO="keystile_fido_end"
KERNEL!="hidraw*", GOTO="keystile_fido_end"

# systemd 244 and newer have found out already.
ENV{ID_SECURITY_TOKEN}=="1", TAG+="uaccess", GOTO="keystile_fido_end"

# Older ones: a report descriptor that begins with usage page 0xF1D0.
PROGRAM=="/bin/sh -c 'od -An -tx1 -N3 %S%p/device/report_descriptor'", RESULT=="*06 d0 f1*", TAG+="uaccess"

LABEL="keystile_fido_end"
`;

/** Commands, as root, that put the rule into force without a restart. */
export const UDEV_RELOAD_COMMANDS = ['udevadm control --reload-rules', 'udevadm trigger --subsystem-match=hidraw'] as const;

/** First bytes of the report descriptor of a FIDO key: HID item "usage page", 16 bits, 0xF1D0. */
export const FIDO_REPORT_DESCRIPTOR_START = [0x06, 0xd0, 0xf1] as const;
