import type { Config } from '@media-pipeline/config';

/** README.md at the root of a library, for whoever finds the directory. */
export const libraryReadme = ({ library }: Config): string => `# A Media Pipeline library

Made by \`media-pipeline nas init\`. Each folder is an area that the pipeline looks after:

| folder | what is in it | may I delete from it? |
|---|---|---|
| \`originals/\` | files as they arrived, never changed | no: ask \`media-pipeline asset show\` first |
| \`compressed/\` | renditions made for upload | yes, while nothing runs; they are not made again by themselves |
| \`bridge/icloud\`, \`bridge/pixel\` | batches waiting for a destination, with a manifest each | no, while they wait |
| \`uploaded/icloud\`, \`uploaded/pixel\` | batches that arrived | yes |
| \`sorted/YYYY/MM/DD\` | the archive, by day of capture; \`sorted/unknown\` has no date | it is yours: the pipeline never deletes from it |
| \`cleanup/\` | what is no longer needed: duplicates, and intake copies of what is archived. Hard links: they cost no space. This version prunes nothing here | yes |
| \`logs/\` | logs and reports | yes |
| \`.media-pipeline/\` | database, messages, lock | **no**: without it nobody knows what is what |

Staging and archiving use hard links where the volume has them: the same photo in \`originals/\`, \`bridge/\` and \`sorted/\` takes its space once.
So keep all areas on one volume (one ZFS dataset, one Btrfs subvolume, one NFS export); across volumes the bytes are copied.
A backup of \`sorted/\` and \`.media-pipeline/\` is a backup of everything that counts.

## Permissions

The pipeline's user needs to read, write and enter every folder. Nobody else needs to write anywhere.

    groupadd ${library.group}; useradd --system --gid ${library.group} ${library.user}
    chown -R ${library.user}:${library.group} .
    find . -type d -not -path './.media-pipeline*' -exec chmod ${library.permissions} {} +
    chmod 700 .media-pipeline

\`.media-pipeline/\` is readable for its owner only: it may hold sessions.
NFS: export with \`no_root_squash\` only if the pipeline runs as root, else map its user id; mount with \`hard\`, never \`soft\`.
SMB: mount with \`uid=${library.user},gid=${library.group},file_mode=0664,dir_mode=0${library.permissions}\`. Hard links and case differences depend on the server: \`media-pipeline doctor\` tries them.
LXC without privileges: the ids inside are shifted by 100000 outside, unless mapped.
SQLite does not belong on NFS or SMB: put STATE_DIR on a local disk, or set DATABASE_URL to PostgreSQL.

## Quotas

Count on the size of the originals once, on about half of that again for \`compressed/\` and the batches, and on the duplicates that \`cleanup/\` keeps.
A full volume stops the pipeline without loss: work is tried again when there is room. A quota on the dataset is a good idea all the same:

    zfs set quota=2T tank/photos
    btrfs qgroup limit 2T /mnt/photos
    setquota -u ${library.user} 0 2T 0 0 /mnt/photos
`;
