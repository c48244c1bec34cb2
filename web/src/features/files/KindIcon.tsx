import { File, FileArchive, FileText, Film, Image, Music } from 'lucide-react';

interface KindIconProps {
  readonly contentType: string;
  readonly className?: string;
}

const ICONS = { image: Image, video: Film, audio: Music, archive: FileArchive, text: FileText, other: File };

/** An icon for a type of file. */
export function KindIcon({ contentType, className }: KindIconProps) {
  const Icon = ICONS[kindOf(contentType)];
  return <Icon className={className} aria-hidden="true" strokeWidth={1.75} />;
}

function kindOf(contentType: string): keyof typeof ICONS {
  const [media] = contentType.split('/');
  if (media === 'image' || media === 'video' || media === 'audio') return media;
  if (/zip|tar|compressed|gzip|7z|rar/.test(contentType)) return 'archive';
  return /^text\/|pdf|word|document|sheet|presentation|rtf/.test(contentType) ? 'text' : 'other';
}
